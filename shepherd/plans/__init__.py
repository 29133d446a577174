"""Judgement + journal + now -> what will be done: pure, and printed as it is by a dry run
(docs/architecture.md)."""

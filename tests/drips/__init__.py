"""Servers that send a byte now and then, at every step of HTTP, SMTP and git's protocols (docs/rules.md)."""

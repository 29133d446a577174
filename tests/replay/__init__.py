"""Inputs that were kept, judged again: random histories, recorded runs, attacks (docs/replay.md)."""

"""Trends, against a plain second statement of what they are."""

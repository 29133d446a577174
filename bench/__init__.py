"""Ratios from one run, medians of five; no tests. `python -m bench` runs all."""

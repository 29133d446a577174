"""DORA's four keys, and where the time goes, of one branch: pure (docs/trends.md).

What happened (`model`: when each landing landed, came on QA, was good, …) goes in; periods come out.
"""

"""A simulated month on hosts of our own: `python -m bench.month`, as root, by hand; it takes half an hour.

Wants sshd, rsync, cron's `crontab`, a C compiler, and a second Python (`MONTH_PYTHON`).
"""

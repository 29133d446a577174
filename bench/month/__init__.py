"""A simulated month on hosts of our own: `python -m bench.month`. Root, sshd, rsync, faketime; half an hour."""

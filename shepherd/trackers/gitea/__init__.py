"""Gitea and Forgejo (codeberg.org), by REST version 1, which each server describes at /api/swagger."""

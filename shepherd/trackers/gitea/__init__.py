"""Gitea and Forgejo (codeberg.org), by REST version 1, whose description each server shows at /api/swagger."""

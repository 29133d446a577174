"""Jira, Cloud and Data Center, by its REST service."""

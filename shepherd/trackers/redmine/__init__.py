"""Redmine, by its REST service."""

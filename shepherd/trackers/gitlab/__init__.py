"""The tracker `gitlab`: labels of merge requests. python-gitlab is imported by `library` alone."""

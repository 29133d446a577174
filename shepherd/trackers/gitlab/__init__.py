"""The tracker `gitlab`: labels of merge requests."""

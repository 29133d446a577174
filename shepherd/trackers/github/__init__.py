"""The tracker `github`: labels of pull requests by GraphQL. PyGithub is an extra, imported only by `library`."""

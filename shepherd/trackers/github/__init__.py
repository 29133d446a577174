"""The tracker `github`: labels of pull requests by GraphQL. PyGithub is imported by `library` alone."""

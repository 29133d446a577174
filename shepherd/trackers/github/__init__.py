"""The tracker `github`: labels of pull requests, by GraphQL."""

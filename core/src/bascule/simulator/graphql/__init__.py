"""GraphQL: GitHub's typed schema, executed by graphql-core; nothing is matched by its text."""

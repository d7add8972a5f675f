"""Hosts: one token-less process per plugin distribution, spoken to over a pipe."""

"""Hosts: one token-less process per plugin distribution, spoken to over a pipe.

The driver's side (``driver`` and what it imports) never imports pluggy or a plugin; the host's side is ``child``,
``loading`` and ``serving``. ``table`` is what both know about the hooks.
"""

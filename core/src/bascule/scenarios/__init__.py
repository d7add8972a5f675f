"""Scenarios that ship inside the core, as ordinary plugins."""

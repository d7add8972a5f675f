"""Telling the outside: one webhook, with a documented JSON (docs/reference/notify.md)."""

"""Bascule's observability scenario."""

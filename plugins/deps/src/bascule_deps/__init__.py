"""Bascule's deps scenario."""

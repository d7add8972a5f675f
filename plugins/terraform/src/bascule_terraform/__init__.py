"""Bascule's terraform scenario."""

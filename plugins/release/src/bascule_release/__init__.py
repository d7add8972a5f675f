"""Bascule's release scenario."""

"""Bascule's helm scenario."""

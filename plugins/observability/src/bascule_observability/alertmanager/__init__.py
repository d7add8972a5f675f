"""Alertmanager: what its configuration loses and where alerts go. Values of receivers are never told."""

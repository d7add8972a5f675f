"""Prometheus: expressions, rule files, and what changed between two of them."""

"""The scenario migrations."""

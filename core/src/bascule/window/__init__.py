"""The window: journal, lock, relax, merge, restore, verify. Never imports pluggy or a plugin."""

"""Replay: judge a repository's own history by content, and say which of it was reverted. No token, no network."""

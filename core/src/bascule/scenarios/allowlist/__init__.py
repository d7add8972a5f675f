"""The allowlist scenario: the one hard-wired case that Bascule generalises."""

"""What journal keys and owners' secrets say. None of these may repeat what was read: it might be a secret."""

from __future__ import annotations

KEY_SHAPE = "found text that is not a key; expected role:keyid:base64"
KEY_ROLE = "found an unknown role; expected window or outcome"
KEY_BASE64 = "the key's last part is not base64"
KEY_LENGTH = "the key's last part is not 32 bytes long"
KEY_ID_DIFFERS = "the key id is not this key's; a private and a public key may have been swapped"
KEY_TWO_ROLES = "one key is given with two different roles"
KEY_HINT = "make a pair with `bascule keygen` and copy the line for this variable whole"
PUBLIC_KEY_HINT = "copy the BASCULE_JOURNAL_PUBKEY line that `bascule keygen` printed, whole"
# Owners' secrets.
RUN_HINT = "a run is named by letters, digits, dots, dashes and underscores, at most 128; copy it from the run's output"
KEEP_HINT = "make the folder writable, or point RUNNER_TEMP or XDG_RUNTIME_DIR to one that is"


def bad_run_name(run: str) -> str:
    """The run's name is not a plain name."""
    return f"{run!r} cannot be the name of a run"


def secret_not_kept(folder: str, why: str) -> str:
    """The owner's secret could not be written."""
    return f"the owner's secret cannot be kept in {folder}: {why}"

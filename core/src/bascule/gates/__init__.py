"""The core own gates: pure functions of a frozen context, one file each."""

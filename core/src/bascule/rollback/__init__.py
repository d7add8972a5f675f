"""The exact inverse of a merge: what it is, which merge it undoes, and whether it is still ours to compute. Pure."""

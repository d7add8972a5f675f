"""GitHub, as ports by identity: Observer reads, Merger merges, Keeper relaxes, restores and keeps the journal."""

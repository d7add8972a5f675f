"""The layer where every text a person reads is written, one module per subject."""

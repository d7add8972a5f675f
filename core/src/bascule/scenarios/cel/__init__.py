"""A rule for everyone: an expression over the change and its evidence."""

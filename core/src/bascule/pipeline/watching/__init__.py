"""Watching a merged change: from its deployment to a verdict, a rollback and the objective's recovery."""

"""Pure model of branch protection: canonical form, ladder, inverse, three-way merge. No I/O, no clock."""

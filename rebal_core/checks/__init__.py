"""Coded findings about a table, RBL001 and so on."""

"""Class and sample weights."""

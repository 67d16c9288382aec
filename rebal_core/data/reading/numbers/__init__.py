"""Written numbers: one notation a column, and what does not belong to it."""

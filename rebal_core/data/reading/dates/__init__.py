"""Written times: one form a column, in many languages and zones."""

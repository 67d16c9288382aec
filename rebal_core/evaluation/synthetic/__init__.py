"""Whether rows that a generator made are any good: what they teach, how alike, how near."""

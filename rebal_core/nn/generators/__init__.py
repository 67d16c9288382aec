"""Networks that learn what rows look like, and make new ones."""

"""The registry of remedies, one file each."""

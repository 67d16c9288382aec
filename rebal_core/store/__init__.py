"""SQLite for what happened, files beside it for what was made."""

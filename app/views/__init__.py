"""Pages, one thin file each."""

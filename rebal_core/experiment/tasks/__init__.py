"""What a worker does: one function a kind of task."""

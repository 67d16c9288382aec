"""What a worker does: one function a kind of task.

Exporting and scoring stand in ``rebal_core.export.tasks``, a room above this one.
"""

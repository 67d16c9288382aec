"""Plans, the task graph, the engine that runs it and what comes of it."""

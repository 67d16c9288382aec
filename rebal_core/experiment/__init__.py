"""Plan, tasks, engine and daemon; the only room that speaks Dask."""

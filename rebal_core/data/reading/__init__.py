"""From a stranger's file to an accepted table: typed Parquet and what is to be told of it."""

"""Rebal: does rebalancing help, by how much, for which classes, with what certainty."""

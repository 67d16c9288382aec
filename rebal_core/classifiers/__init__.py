"""Specs of the learners."""

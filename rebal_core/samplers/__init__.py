"""Samplers that answer with recipes, so that every made row knows its parents."""

"""Balanced data, model bundle, predictions, reports."""

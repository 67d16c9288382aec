"""Remedies that only decide: one file each."""

"""Thresholds, prior correction, calibration."""

"""Measurements: what is computed from sound and pictures."""

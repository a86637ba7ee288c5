"""Clips in: one corpus a file, each an iterator of clips."""

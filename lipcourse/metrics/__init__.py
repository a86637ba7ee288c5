"""Scores: how near a generated clip is to the true one."""

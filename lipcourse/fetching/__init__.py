"""Corpora from the archives that they come in: downloaded or found, verified, unpacked, listed."""

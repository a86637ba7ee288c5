"""Talking faces made here: a corpus whose every phone, mouth point and lead of lips over sound is known."""

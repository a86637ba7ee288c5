"""The delay study over a corpus: how far lips lead the sound, clip after clip."""

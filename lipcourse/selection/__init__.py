"""Sample selection over a corpus: which clips to keep, so that all phonemes are about equally frequent."""

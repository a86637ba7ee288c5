"""From clips to training data: clips prepared once, kept in shards, read back fast where only PyTorch is."""

"""Learning: losses and what minimises them."""

"""The exercises' checks, one file a notebook: what is right, and which mistake a wrong answer shows."""

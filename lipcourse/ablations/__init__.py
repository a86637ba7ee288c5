"""The paper's ablations as a command: what is trained, measured and told."""

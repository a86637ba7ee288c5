"""Video of a person who says what a sound says."""

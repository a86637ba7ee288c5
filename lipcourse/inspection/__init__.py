"""Measure a video of a talking face and show what was found: `lipcourse inspect`."""

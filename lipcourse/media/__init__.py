"""A clip of a talking face, and how to read and write it."""

from lipcourse.media.clip import Clip, Origin, Segment
from lipcourse.media.reading import read_audio, read_clip
from lipcourse.media.writing import write_video

__all__ = ["Clip", "Origin", "Segment", "read_audio", "read_clip", "write_video"]

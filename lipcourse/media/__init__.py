"""A clip of a talking face, and how to read and write it."""

from lipcourse.media.clip import Clip, Origin, Segment
from lipcourse.media.images import read_image
from lipcourse.media.reading import Sound, open_audio, read_audio, read_clip, read_frames
from lipcourse.media.writing import VideoWriter, open_video, write_video

__all__ = [
    "Clip",
    "Origin",
    "Segment",
    "Sound",
    "VideoWriter",
    "open_audio",
    "open_video",
    "read_audio",
    "read_clip",
    "read_frames",
    "read_image",
    "write_video",
]

"""What went wrong, where, and what to do about it: the errors that a user is meant to read."""

from __future__ import annotations


class LipcourseError(Exception):
    """A failure that the user can act on, told in one line.

    The command line prints it and exits with `exit_status`; a traceback is shown with `--debug` only.

    Args:
        what: What happened, as a clause without a full stop ("no face found in 75 frames").
        where: The file, time or frame it happened at ("clip.mp4", "clip.mp4 at 1.20 s").
        remedy: What to do, as a clause ("choose a clip with one face of 80 pixels or more").
    """

    exit_status = 1

    def __init__(self, what: str, *, where: object | None = None, remedy: str | None = None) -> None:
        self.what = what
        self.where = None if where is None else str(where)
        self.remedy = remedy
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"; {self.remedy}" if self.remedy else ""
        return " ".join(f"{place}{self.what}{advice}".split())


class OptionError(LipcourseError):
    """An option has a value that cannot be used."""

    exit_status = 2


class MediaError(LipcourseError):
    """A video or sound file cannot be read or written."""


class SignalError(LipcourseError):
    """A signal cannot be measured: a waveform holds NaN, a frame holds no face."""


class CorpusError(LipcourseError):
    """A corpus is not where it should be, or does not hold what was asked of it."""


class ModelError(LipcourseError):
    """A model file is missing, or is not the one that the code needs."""


class CourseError(LipcourseError):
    """A notebook cannot be built, or did not do what it promises."""

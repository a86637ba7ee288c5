"""TCD-TIMIT: 59 volunteers and three lipspeakers read TIMIT's sentences before two cameras.

Harte and Gillen, "TCD-TIMIT: an audio-visual corpus of continuous speech", IEEE Transactions on Multimedia
17(5), 2015: https://sigmedia.tcd.ie
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal, Self

from lipcourse.corpora.base import FileCorpus, Recording, Unseen, check_unseen, draw_split
from lipcourse.corpora.texts import read_text
from lipcourse.errors import CorpusError, OptionError
from lipcourse.media import Clip, Origin, Segment, read_clip

Camera = Literal["straightcam", "30degcam"]
CAMERAS: tuple[Camera, ...] = ("straightcam", "30degcam")

TEST_TALKERS = (
    "08F", "09F", "15F", "18M", "25M", "28M", "33F", "34M", "36F", "41M", "44F", "45F", "49F", "54M", "55F",
    "56M", "58F",
)  # fmt: skip
"""The 17 volunteers that the corpus's recommended split holds out."""

MAX_SIDE = 1280
"""The films are 1920x1080; six seconds of that fill a gigabyte, and the face needs no more than this."""

UNITS_PER_SECOND = 10_000_000
"""The label files of HTK count in steps of 100 ns."""

SILENCES = frozenset({"sil", "sp"})

_TALKER = re.compile(r"(?:volunteers|lipspeakers)/(?P<talker>[^/]+)/")
_ENTRY = re.compile(r'"(?:.*[/\\])?(?P<talker>[^/\\]+)[/\\]Clips[/\\](?:.*[/\\])?(?P<name>[^/\\]+)\.\w+"')


def talker_of(path: PurePosixPath) -> str | None:
    """Say whose clip a file of TCD-TIMIT is: 01M for `volunteers/01M/Clips/straightcam/sa1.mp4`.

    None for what is not below a talker's `Clips`, such as the label files.
    """
    found = _TALKER.search(path.as_posix())
    return found["talker"] if found and "Clips" in path.parts else None


class TcdTimitCorpus(FileCorpus):
    """TCD-TIMIT's clips in a folder, laid out as `volunteers/01M/Clips/straightcam/sa1.mp4`.

    Lipspeakers lie beside the volunteers, as `lipspeakers/Lipspkr1/...`. Phones come from the corpus's label
    files (`volunteer_labelfiles.mlf`, `lipspeaker_labelfiles.mlf`, HTK's form), wherever under the folder
    they lie; a clip that they do not name has none. Its text (`SA1.txt`, one "start end words" or plain words
    a line) gives the transcript. The films run at 29.97 frames a second and are resampled to 25.

    How clips are split. With `unseen="talkers"` all clips of the 17 recommended volunteers, TEST_TALKERS, are
    for testing, and of the others' about a tenth, drawn by sentence, for validation. With
    `unseen="sentences"` every talker is in every split, and each sentence in one.

    Taught in notebook 05.

    Args:
        root: The folder that holds `volunteers`, `lipspeakers` or both.
        camera: "straightcam", or "30degcam" for the one at 30 degrees.
        unseen: What the test split holds that training does not: "talkers" or "sentences".

    Raises:
        CorpusError: There is no such folder or no clip of that camera in it, or labels cannot be read.
        OptionError: `camera` or `unseen` is none that there is.
    """

    name = "tcd_timit"
    origin = Origin("TCD-TIMIT (Harte and Gillen, 2015)", "for research only; no redistribution")

    def __init__(
        self, root: str | Path, *, camera: Camera = "straightcam", unseen: Unseen = "talkers"
    ) -> None:
        check_unseen(unseen)
        if camera not in CAMERAS:
            raise OptionError(f"there is no camera {camera!r}", remedy=f"choose from {', '.join(CAMERAS)}")
        root = Path(root)
        if not root.is_dir():
            raise CorpusError("no such folder", where=root, remedy="give the folder that holds volunteers")
        labels = tuple(sorted(root.rglob("*.mlf")))
        recordings = {}
        for path in root.rglob("*.mp4"):
            talker = talker_of(PurePosixPath(path.absolute().as_posix()))
            if talker and camera in path.parts and not path.name.startswith("."):
                name = path.stem.lower()
                split = draw_split(name, unseen, held_out=talker in TEST_TALKERS)
                recordings[f"tcd_timit/{talker}/{camera}/{name}"] = Recording(
                    path, talker, split, (*_texts(path), *labels)
                )
        if not recordings:
            raise CorpusError(
                f"no clip of the {camera} in it",
                where=root,
                remedy=f"its clips lie in volunteers/01M/Clips/{camera}/*.mp4, ...",
            )
        super().__init__(recordings)
        self._phones = {entry: phones for path in labels for entry, phones in _read_labels(path)}

    def clip(self, key: str) -> Clip:
        """Read one clip, with its sentence and its phones where the corpus's files tell."""
        path, talker, _, texts = self.recording(key)
        clip = read_clip(path, key=key, talker=talker, origin=self.origin, max_side=MAX_SIDE)
        told = next((_read_text(text) for text in texts if text.suffix == ".txt"), "")
        return replace(clip, transcript=told, phones=self._phones.get((talker, path.stem.lower()), ()))

    def only(self, key: str) -> Self:
        """Return the corpus with this recording and its phones alone."""
        corpus = super().only(key)
        entry = (self.recording(key).talker, self.recording(key).path.stem.lower())
        corpus._phones = {entry: self._phones.get(entry, ())}
        return corpus


def _read_labels(path: Path) -> Iterator[tuple[tuple[str, str], tuple[Segment, ...]]]:
    """Read HTK's master label file: each clip's talker and name, and its phones in ARPABET."""
    entry: tuple[str, str] | None = None
    phones: list[Segment] = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        named = _ENTRY.fullmatch(line.strip())
        if named:
            entry, phones = (named["talker"], named["name"].lower()), []
        elif line.strip() == "." and entry:
            yield entry, tuple(phones)
            entry = None
        elif entry and line.strip():
            phone = _phone(line, f"{path} line {number}")
            phones += [phone] if phone.label.lower() not in SILENCES else []


def _phone(line: str, place: str) -> Segment:
    try:
        start, end, label = line.split()[:3]
        begun, ended = int(start) / UNITS_PER_SECOND, int(end) / UNITS_PER_SECOND
    except ValueError as error:
        raise CorpusError(f"{line!r} is not a start, an end and a phone", where=place) from error
    # A flap, which ARPABET's 39 phones do not have, is how Americans say the t of "water".
    return Segment(begun, ended, "T" if label == "dx" else label.upper())


def _texts(path: Path) -> tuple[Path, ...]:
    """The text beside a clip: `SA1.txt` or `sa1.txt` beside `sa1.mp4`."""
    beside = [path.with_name(f"{stem}.txt") for stem in (path.stem, path.stem.upper())]
    return tuple(text for text in beside if text.is_file())[:1]


def _read_text(path: Path) -> str:
    """Read the words of a text, without the times that its lines may begin with."""
    lines = read_text(path).splitlines()
    words = " ".join(re.sub(r"^\s*\d+\s+\d+\s+", "", line) for line in lines)
    return " ".join(re.sub(r"[^\w' -]", " ", words).lower().split())

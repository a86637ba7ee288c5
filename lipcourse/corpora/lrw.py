"""Lip Reading in the Wild: 500 words, each up to a thousand times in 1.16 s of British television.

Chung and Zisserman, "Lip reading in the wild", ACCV 2016. Laid out as its public page describes it:
https://www.robots.ox.ac.uk/~vgg/data/lip_reading/lrw1.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

from lipcourse.corpora.base import FileCorpus, Recording, Split
from lipcourse.corpora.texts import read_text, text_beside
from lipcourse.errors import CorpusError
from lipcourse.media import Clip, Origin, Segment, read_clip

UNKNOWN_TALKER = "unknown"
"""LRW does not say who speaks."""

SPLIT_FOLDERS: dict[str, Split] = {"train": "train", "val": "validation", "test": "test"}

_CLIP = re.compile(r"(?:^|.*/)(?P<word>[A-Z]+)/(?P<split>train|val|test)/(?P=word)_\d+\.(?:mp4|txt)")
_DURATION = re.compile(r"^Duration:\s*(\d+(?:\.\d*)?)", re.MULTILINE)


def word_of(path: PurePosixPath) -> str | None:
    """Say which word a file of LRW belongs to: ABOUT for `ABOUT/train/ABOUT_00001.mp4`, None for others."""
    found = _CLIP.fullmatch(path.as_posix())
    return found["word"] if found else None


def word_and_split_of(path: PurePosixPath) -> str | None:
    """Say which word and split a file of LRW belongs to: "ABOUT/train"; None for others."""
    found = _CLIP.fullmatch(path.as_posix())
    return f"{found['word']}/{found['split']}" if found else None


class LrwCorpus(FileCorpus):
    """LRW's clips in a folder, laid out as `lipread_mp4/ABOUT/train/ABOUT_00001.mp4`.

    Each clip is 29 frames of 256x256 with one word in their middle; its neighbours are heard too, so the
    transcript is not all that is said. How long the word is tells the text beside the clip
    (`ABOUT_00001.txt`, the line "Duration: 0.45 seconds"); a clip without one has no word times.

    The splits are the corpus's own: its test clips were broadcast later than its training clips. Who speaks
    is not told, so all clips have the talker "unknown", and a talker may be in several splits.

    Taught in notebook 05.

    Args:
        root: The folder that holds `lipread_mp4`, or that folder itself.

    Raises:
        CorpusError: There is no such folder, or no LRW clip in it.
    """

    name = "lrw"
    origin = Origin("LRW (Chung and Zisserman, 2016)", "BBC's data sharing agreement: no redistribution")

    def __init__(self, root: str | Path) -> None:
        root = Path(root)
        if not root.is_dir():
            raise CorpusError("no such folder", where=root, remedy="give the folder that holds lipread_mp4")
        recordings = {}
        for path in root.rglob("*.mp4"):
            found = _CLIP.fullmatch(path.as_posix())
            if found:
                key = f"lrw/{found['word']}/{found['split']}/{path.stem}"
                recordings[key] = Recording(
                    path, UNKNOWN_TALKER, SPLIT_FOLDERS[found["split"]], text_beside(path)
                )
        if not recordings:
            raise CorpusError(
                "no LRW clip in it", where=root, remedy="its clips lie in lipread_mp4/ABOUT/train/*.mp4, ..."
            )
        super().__init__(recordings)

    def clip(self, key: str) -> Clip:
        """Read one clip, with its word and, where the text beside it tells, the word's time."""
        path, talker, _, texts = self.recording(key)
        word = path.stem.partition("_")[0].lower()
        clip = read_clip(path, key=key, talker=talker, origin=self.origin)
        return replace(clip, transcript=word, words=_words(texts[0], word, clip.seconds) if texts else ())


def _words(path: Path, word: str, seconds: float) -> tuple[Segment, ...]:
    """When the word is said: in the middle of the clip, for as long as the text says."""
    found = _DURATION.search(read_text(path))
    if found is None or not 0 < float(found[1]) <= seconds:
        raise CorpusError(
            f"it gives no duration within the clip's {seconds:.2f} s",
            where=path,
            remedy="copy the file again; it should hold a line such as 'Duration: 0.45 seconds'",
        )
    half = float(found[1]) / 2
    return (Segment(seconds / 2 - half, seconds / 2 + half, word),)

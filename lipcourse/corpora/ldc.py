"""LDC2009V01, the Audiovisual Database of Spoken American English: 14 talkers, 238 words, 166 sentences.

Richie, Warburton and Carter, Linguistic Data Consortium 2009: https://catalog.ldc.upenn.edu/LDC2009V01
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from lipcourse.corpora.base import FileCorpus, Recording, Unseen
from lipcourse.corpora.folder import VIDEO_SUFFIXES, split_by_name
from lipcourse.corpora.texts import read_text, text_beside
from lipcourse.errors import CorpusError
from lipcourse.media import Clip, Origin, read_clip

TALKERS = 14


def folder_of(path: PurePosixPath) -> str | None:
    """Say in which folder a video lies; None for files that are no videos."""
    return path.parent.name if path.suffix.lower() in VIDEO_SUFFIXES else None


class LdcCorpus(FileCorpus):
    """LDC2009V01's clips in a folder: all videos in it.

    What was recorded is public (14 talkers, who each read 238 words and 166 sentences), how its files are
    named is not, so nothing of that is taken for granted. Talkers are told by that level of folders which has
    14 names; where none has (a part of the corpus), by the first level that has more than one. A text beside
    a video, `hello.txt` for `hello.mpg`, is its transcript; without one it is "".

    About a tenth of the talkers, at least one, are for testing, and of the others' clips about a tenth for
    validation, as `lipcourse.corpora.folder.split_by_name` draws them.

    Taught in notebook 05.

    Args:
        root: The folder that the corpus was unpacked into.
        unseen: What the test split holds that training does not: "talkers" or "sentences".

    Raises:
        CorpusError: There is no such folder, or no video in it.
        OptionError: `unseen` is neither of the two.
    """

    name = "ldc"
    origin = Origin("LDC2009V01 (Richie, Warburton and Carter, 2009)", "LDC's agreement: no redistribution")

    def __init__(self, root: str | Path, *, unseen: Unseen = "talkers") -> None:
        root = Path(root)
        if not root.is_dir():
            raise CorpusError("no such folder", where=root, remedy="give the folder that LDC2009V01 lies in")
        paths = {
            path.relative_to(root): path
            for path in sorted(root.rglob("*"))
            if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file() and not path.name.startswith(".")
        }
        if not paths:
            raise CorpusError("no video in it", where=root, remedy="unpack the corpus there")
        level = _talker_level([inside.parent.parts for inside in paths])
        talkers: dict[str, str] = {}
        files: dict[str, Path] = {}
        for inside, path in paths.items():
            key = f"ldc/{inside.with_suffix('').as_posix()}"
            talkers.setdefault(key, inside.parts[level] if level < len(inside.parts) - 1 else root.name)
            files.setdefault(key, path)
        splits = split_by_name(talkers, unseen)
        super().__init__(
            {
                key: Recording(path, talkers[key], splits[key], text_beside(path))
                for key, path in files.items()
            }
        )

    def clip(self, key: str) -> Clip:
        """Read one clip, with what is said in it where a text beside it tells."""
        path, talker, _, texts = self.recording(key)
        said = " ".join(read_text(texts[0]).split()) if texts else ""
        return replace(read_clip(path, key=key, talker=talker, origin=self.origin), transcript=said)


def _talker_level(folders: list[tuple[str, ...]]) -> int:
    """Find the level of folders that names the talkers: that with 14 names, else the first with several."""
    depth = max(map(len, folders))
    names = [{parts[level] for parts in folders if level < len(parts)} for level in range(depth)]
    several = [level for level, found in enumerate(names) if len(found) > 1]
    first = several[0] if several else depth
    return next((level for level in several if len(names[level]) == TALKERS), first)

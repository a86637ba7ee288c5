"""Your own videos: any folder of them is a corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from lipcourse.corpora.align import only_words, read_align
from lipcourse.corpora.base import FileCorpus, Recording, Split, Unseen, check_unseen, draw
from lipcourse.errors import CorpusError
from lipcourse.media import Clip, Origin, read_clip

VIDEO_SUFFIXES = (
    ".3gp",
    ".avi",
    ".flv",
    ".m4v",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpeg",
    ".mpg",
    ".mts",
    ".ogv",
    ".ts",
    ".webm",
    ".wmv",
)

TEXT_SUFFIXES = (".align", ".txt")

HELD_OUT_SHARE = 0.1
"""The share of talkers or clips held out for testing, and of clips held out for validation; at least one."""


class FolderCorpus(FileCorpus):
    """All videos in a folder and the folders in it; each first-level folder is a talker.

    Videos in the folder itself belong to one talker named after it. A text beside a video, `hello.txt` for
    `hello.mp4`, is its transcript; `hello.align` (GRID's form: start, end in 1/25000 s, word) gives the
    time of each word too. Where two videos differ only in their suffix, the first by name is read and the
    other is noted in `skipped`.

    How clips are split. With `unseen="talkers"` a tenth of the talkers, at least one, are for testing, and
    of the other talkers' clips a tenth, at least one, for validation. With `unseen="sentences"` a tenth of
    all clips, at least one, are for testing and as many for validation. Which ones is drawn by their names;
    something is always left for training. By default talkers are unseen where there are three or more.

    Taught in notebook 05.

    Args:
        root: The folder.
        unseen: What the test split holds that training does not: "talkers" or "sentences"; None chooses.
        licence: On what terms the videos may be used.
        max_side: Pictures with a longer side are shrunk to this many pixels when they are read.

    Raises:
        CorpusError: There is no such folder, or no video in it.
        OptionError: `unseen` is neither of the two.
    """

    name = "folder"

    def __init__(
        self,
        root: str | Path,
        *,
        unseen: Unseen | None = None,
        licence: str = "unknown",
        max_side: int | None = 1280,
    ) -> None:
        root = Path(root)
        if not root.is_dir():
            raise CorpusError("no such folder", where=root, remedy="give a folder of videos")
        paths: dict[str, Path] = {}
        doubles: dict[str, str] = {}
        for path in sorted(p for p in root.rglob("*") if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file()):
            inside = path.relative_to(root)
            if any(part.startswith(".") for part in inside.parts):
                continue
            key = f"folder/{inside.with_suffix('').as_posix()}"
            if key in paths:
                doubles[f"folder/{inside.as_posix()}"] = f"{path}: has the same name as {paths[key].name}"
            else:
                paths[key] = path
        if not paths:
            known = " ".join(VIDEO_SUFFIXES)
            raise CorpusError("no video in it", where=root, remedy=f"put files there that end in {known}")
        talkers = {key: _talker(root, path) for key, path in paths.items()}
        if unseen is None:
            unseen = "talkers" if len(set(talkers.values())) >= 3 else "sentences"
        splits = split_by_name(talkers, unseen)
        super().__init__(
            {key: Recording(path, talkers[key], splits[key], _texts(path)) for key, path in paths.items()}
        )
        self.origin = Origin(root.resolve().name, licence)
        self.max_side = max_side
        self.skipped.update(doubles)

    def clip(self, key: str) -> Clip:
        """Read one clip, with what is said in it where a file beside it tells."""
        path, talker, _, texts = self.recording(key)
        told = {text.suffix: text for text in texts}
        words = only_words(read_align(told[".align"])) if ".align" in told else ()
        transcript = _read_text(told[".txt"]) if ".txt" in told else " ".join(word.label for word in words)
        clip = read_clip(path, key=key, talker=talker, origin=self.origin, max_side=self.max_side)
        return replace(clip, transcript=transcript, words=words)


def split_by_name(talkers: Mapping[str, str], unseen: Unseen) -> dict[str, Split]:
    """Divide clips over the splits by a draw on their names.

    Something is always left for training: of one talker or one clip nothing is held out.

    Args:
        talkers: Each clip's talker, by key.
        unseen: What the test split holds that training does not.

    Returns:
        Each clip's split, by key.

    Raises:
        OptionError: `unseen` is neither "talkers" nor "sentences".
    """
    check_unseen(unseen)
    if unseen == "sentences":
        test = _drawn(talkers)
    else:
        held_out = _drawn(set(talkers.values()))
        test = {key for key, talker in talkers.items() if talker in held_out}
    validation = _drawn(talkers.keys() - test)
    splits: dict[str, Split] = dict.fromkeys(talkers, "train")
    return splits | dict.fromkeys(test, "test") | dict.fromkeys(validation, "validation")


def _drawn(names: Iterable[str]) -> set[str]:
    """Draw names to hold out: HELD_OUT_SHARE of them and at least one, but never all."""
    drawn = sorted(names, key=draw)
    return set(drawn[: max(1, round(len(drawn) * HELD_OUT_SHARE))]) if len(drawn) > 1 else set()


def _texts(path: Path) -> tuple[Path, ...]:
    """The files beside a video that tell what is said in it, and when."""
    return tuple(text for suffix in TEXT_SUFFIXES if (text := path.with_suffix(suffix)).is_file())


def _talker(root: Path, path: Path) -> str:
    first, *deeper = path.relative_to(root).parts
    return first if deeper else root.resolve().name


def _read_text(path: Path) -> str:
    try:
        return " ".join(path.read_text(encoding="utf-8-sig").split())
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(
            "the transcript cannot be read as UTF-8 text", where=path, remedy="save it as UTF-8"
        ) from error

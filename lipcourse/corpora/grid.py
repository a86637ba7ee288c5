"""The GRID audiovisual sentence corpus: 33 talkers, 1000 sentences of six words each, 3 seconds a sentence.

Cooke, Barker, Cunningham and Shao, "An audio-visual corpus for speech perception and automatic speech
recognition", JASA 120 (2006); Zenodo record 3625687, CC BY 4.0.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from lipcourse.corpora.align import only_words, read_align
from lipcourse.corpora.base import FileCorpus, Recording, Unseen, check_unseen, draw_split
from lipcourse.errors import CorpusError
from lipcourse.media import Clip, Origin, Segment, read_clip

TEST_TALKERS = ("s2", "s5", "s22", "s31")
"""Two men and two women. None is s1, of whom many people keep the most clips and so train on."""

_COMMANDS = {"b": "bin", "l": "lay", "p": "place", "s": "set"}
_COLOURS = {"b": "blue", "g": "green", "r": "red", "w": "white"}
_PREPOSITIONS = {"a": "at", "b": "by", "i": "in", "w": "with"}
_LETTERS = {letter: letter for letter in "abcdefghijklmnopqrstuvxyz"}
_DIGITS = {
    "z": "zero", "1": "one", "2": "two", "3": "three", "4": "four",
    "5": "five", "6": "six", "7": "seven", "8": "eight", "9": "nine",
}  # fmt: skip
_ADVERBS = {"a": "again", "n": "now", "p": "please", "s": "soon"}
_GRAMMAR = (_COMMANDS, _COLOURS, _PREPOSITIONS, _LETTERS, _DIGITS, _ADVERBS)


def sentence(name: str) -> str:
    """Spell out a GRID file name: "swwp2s" is "set white with p two soon".

    Taught in notebook 05.

    Raises:
        CorpusError: The name is no GRID sentence: six characters for command, colour, preposition, letter (no
            w), digit and adverb.
    """
    if len(name) != len(_GRAMMAR) or any(c not in words for c, words in zip(name, _GRAMMAR, strict=True)):
        raise CorpusError(
            f"{name!r} is not the name of a GRID sentence", remedy="GRID's names look like 'swwp2s'"
        )
    return " ".join(words[c] for c, words in zip(name, _GRAMMAR, strict=True))


SUFFIXES = (".mpg", ".mp4")


class GridCorpus(FileCorpus):
    """GRID's clips in a folder, laid out as `s1/bbaf2n.mpg` (deeper folders below the talker's are fine too).

    Puppets that `lipcourse puppets` wrote are laid out the same way, as .mp4, and are read as well.

    Word times come from the `.align` file of the clip's name, wherever under the folder it lies: a
    sentence's name belongs to one talker only, and in the archive about half of the alignment folders bear
    a wrong talker's number. A clip without one has no word times; one whose words are not those of its name
    is refused.

    How clips are split. A clip's split depends on its own talker and name alone, never on what else is in
    the folder, so that part of GRID is split as all of it is. With `unseen="talkers"` (as glance does) all
    clips of four fixed talkers, TEST_TALKERS, are for testing, and of the others' about a tenth, drawn by
    name, for validation. With `unseen="sentences"` every talker is in every split: about a tenth of the
    clips, drawn by name, for validation, and about another tenth for testing; choose it where the folder
    holds no test talker.

    Taught in notebook 05.

    Args:
        root: The folder that holds s1, s2, ...
        unseen: What the test split holds that training does not: "talkers" or "sentences".

    Raises:
        CorpusError: There is no such folder, or no GRID clip in it.
        OptionError: `unseen` is neither of the two.
    """

    name = "grid"
    origin = Origin("GRID (Cooke, Barker, Cunningham and Shao, 2006)", "CC BY 4.0")

    def __init__(self, root: str | Path, *, unseen: Unseen = "talkers") -> None:
        check_unseen(unseen)
        root = Path(root)
        if not root.is_dir():
            raise CorpusError(
                "no such folder", where=root, remedy="give the folder that holds GRID's s1, s2, ..."
            )
        alignments = {path.stem: (path,) for path in sorted(root.rglob("*.align"))}
        recordings = {
            f"grid/{talker.name}/{path.stem}": Recording(
                path,
                talker.name,
                draw_split(path.stem, unseen, held_out=talker.name in TEST_TALKERS),
                alignments.get(path.stem, ()),
            )
            for talker in root.iterdir()
            if talker.is_dir() and re.fullmatch(r"s\d+", talker.name)
            for path in talker.rglob("*")
            if path.suffix in SUFFIXES and not path.name.startswith(".")
        }
        if not recordings:
            raise CorpusError(
                "no GRID clip in it", where=root, remedy="its clips lie in s1/*.mpg, s2/*.mpg, ..."
            )
        super().__init__(recordings)

    def clip(self, key: str) -> Clip:
        """Read one clip, with its sentence and, where there is an .align file, its words."""
        path, talker, _, texts = self.recording(key)
        transcript = sentence(path.stem)
        words = _words(texts[0], transcript) if texts else ()
        clip = read_clip(path, key=key, talker=talker, origin=self.origin)
        if words and words[-1].end > clip.seconds:
            raise CorpusError(
                f"the pictures end at {clip.seconds:.2f} s, the last word at {words[-1].end:.2f} s",
                where=path,
                remedy="copy the clip again",
            )
        return replace(clip, transcript=transcript, words=words)


def _words(path: Path, transcript: str) -> tuple[Segment, ...]:
    """When each word of a sentence is said."""
    words = only_words(read_align(path))
    said = " ".join(word.label for word in words)
    if said != transcript:
        raise CorpusError(
            f"it says {said!r}, but the clip is {transcript!r}", where=path, remedy="find the right one"
        )
    return words

"""Write puppets as files, laid out as GRID: whatever reads GRID reads them, too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import joblib
from safetensors.numpy import save

from lipcourse.corpora.align import UNITS_PER_SECOND
from lipcourse.corpora.base import check_jobs
from lipcourse.corpora.puppet.corpus import SEED, PuppetCorpus
from lipcourse.errors import CorpusError
from lipcourse.media import Clip, Segment, write_video
from lipcourse.whole import is_unfinished, write_whole

FORMAT = 1
MANIFEST = "puppets.json"
"""Says what the folder holds; written first, so that a stopped run can be told from a folder of other
files."""

# The facts come last: where they are, the clip is whole.
SUFFIXES = (".mp4", ".align", ".safetensors", ".json")

_CLIPS_A_TASK = 8
_REMEDY = "choose a folder that you may write to, with room in it"


@dataclass(frozen=True)
class PuppetOptions:
    """What a written corpus holds: the same options give the same bytes.

    Attributes:
        clips: How many clips.
        talkers: How many talkers.
        seed: Another seed is another corpus.
        size: Side of the pictures, in pixels.
        noise_snr: White noise this many decibels below the speech; None for none.
        voices: Names of the voices to use; empty for all.
        lead_frames: How many frames all lips come before their sound; None draws it for each clip.
    """

    clips: int = 100
    talkers: int = 10
    seed: int = SEED
    size: int = 160
    noise_snr: float | None = None
    voices: tuple[str, ...] = ()
    lead_frames: int | None = None

    def open(self) -> PuppetCorpus:
        """Open the corpus of these options; clips are not kept in the cache.

        Raises:
            OptionError: The options cannot be.
        """
        return PuppetCorpus(
            self.clips,
            self.talkers,
            seed=self.seed,
            size=self.size,
            noise_snr=self.noise_snr,
            voices=self.voices,
            lead_frames=self.lead_frames,
            keep=False,
        )


def write_puppets(options: PuppetOptions, out: Path, *, jobs: int = 1) -> Iterator[str]:
    """Write a corpus, or what a stopped run has left of it.

    A clip is four files, `s1/bbaf2n` with the endings .mp4 (H.264, AAC), .align (words, as GRID's),
    .safetensors (`landmarks`, float32 (T, 68, 2), pixels) and .json (transcript, split, words, phones,
    metadata). Each is written beside and renamed; files that are there already are left as they are.

    Args:
        options: What to write.
        out: The folder; it is made where it is missing.
        jobs: How many processes write; -1 for as many as there are processors.

    Yields:
        The key of each clip, when it is there: first those that were there already.

    Raises:
        OptionError: The options cannot be.
        CorpusError: The folder holds other files, or puppets of other options, or cannot be written to.
    """
    check_jobs(jobs)
    corpus = options.open()
    _prepare(options, corpus, out)
    keys = corpus.keys()
    missing = [key for key in keys if not _file(out, key, SUFFIXES[-1]).is_file()]
    yield from (key for key in keys if key not in set(missing))
    by_talker = sorted(missing, key=lambda key: int(key.split("/")[1][1:]))
    tasks = [by_talker[start : start + _CLIPS_A_TASK] for start in range(0, len(by_talker), _CLIPS_A_TASK)]
    parallel = joblib.Parallel(n_jobs=min(jobs, len(tasks)) or 1, return_as="generator_unordered")
    for written in parallel(joblib.delayed(_write_clips)(options, out, task) for task in tasks):
        yield from written


def _write_clips(options: PuppetOptions, out: Path, keys: list[str]) -> list[str]:
    corpus = options.open()
    for key in keys:
        clip = corpus.clip(key)
        _write_clip(clip, corpus.talker(clip.talker).split, out)
    return keys


def _write_clip(clip: Clip, split: str, out: Path) -> None:
    """Write the four files of a clip, the one that says it is whole at the end."""
    _file(out, clip.key, "").parent.mkdir(exist_ok=True)
    video = _file(out, clip.key, ".mp4")
    write_video(video, clip.frames, fps=clip.fps, waveform=clip.waveform, sample_rate=clip.sample_rate)
    write_whole(
        _file(out, clip.key, ".align"), format_align(clip.words, clip.seconds).encode(), remedy=_REMEDY
    )
    if clip.landmarks is not None:
        write_whole(_file(out, clip.key, ".safetensors"), save({"landmarks": clip.landmarks}), remedy=_REMEDY)
    facts = {
        "key": clip.key,
        "talker": clip.talker,
        "split": split,
        "transcript": clip.transcript,
        "frames": len(clip.frames),
        "fps": clip.fps,
        "sample_rate": clip.sample_rate,
        "licence": clip.origin.licence,
        "words": _rounded(clip.words),
        "phones": _rounded(clip.phones),
        "metadata": dict(clip.metadata),
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in facts.items())
    write_whole(_file(out, clip.key, ".json"), f"{{\n{lines}\n}}\n".encode(), remedy=_REMEDY)


def format_align(words: tuple[Segment, ...], seconds: float) -> str:
    """Write words as GRID does: start, end (1/25000 s) and word a line, "sil" where nobody speaks."""
    lines = []
    heard = 0
    for start, end, label in (*words, Segment(seconds, seconds, "")):
        first, last = round(start * UNITS_PER_SECOND), round(end * UNITS_PER_SECOND)
        if first > heard:
            lines.append(f"{heard} {first} sil")
        if label:
            lines.append(f"{first} {last} {label}")
        heard = last
    return "\n".join(lines) + "\n"


def _prepare(options: PuppetOptions, corpus: PuppetCorpus, out: Path) -> None:
    """Make sure that the folder is new, or holds a part of this corpus and nothing else."""
    manifest = f"{json.dumps({'format': FORMAT} | asdict(options), indent=1)}\n".encode()
    try:
        out.mkdir(parents=True, exist_ok=True)
        files = [path for path in sorted(out.rglob("*")) if not path.is_dir()]
    except OSError as error:
        raise CorpusError(
            f"cannot be used as a folder ({error.strerror})", where=out, remedy="choose another"
        ) from error
    keys = corpus.keys()
    allowed = {_file(out, key, suffix) for key in keys for suffix in SUFFIXES}
    # What a killed process was writing.
    remains = [path for path in files if is_unfinished(path)]
    others = [path for path in files if path not in allowed and path not in remains]
    known = out / MANIFEST
    if known in others:
        if known.read_bytes() != manifest:
            raise CorpusError(
                "holds puppets of other options", where=out, remedy="give the same options, or another folder"
            )
        others.remove(known)
    elif files:
        others = files
    if others:
        raise CorpusError(
            f"holds other files, such as {others[0].relative_to(out)}",
            where=out,
            remedy="choose a new folder",
        )
    for path in remains:
        path.unlink(missing_ok=True)
    if not known.is_file():
        write_whole(known, manifest, remedy=_REMEDY)


def _file(out: Path, key: str, suffix: str) -> Path:
    _, talker, code = key.split("/")
    return out / talker / f"{code}{suffix}"


def _rounded(segments: tuple[Segment, ...]) -> list[tuple[float, float, str]]:
    return [(round(start, 6), round(end, 6), label) for start, end, label in segments]

"""`lipcourse train`: what the command line calls."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from lipcourse.cache import cache_root
from lipcourse.errors import OptionError
from lipcourse.training.glance import train
from lipcourse.training.presets import PRESETS, GlanceOptions, choose_options


def glance(
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    data: Annotated[tuple[str, ...], tyro.conf.arg(metavar="DIR ...")] = (),
    corpus: str | None = None,
    root: Path | None = None,
    limit: int | None = None,
    profile: str | None = None,
    resume: bool = True,
    initial: Path | None = None,
    options: Annotated[GlanceOptions, tyro.conf.arg(name="")] = PRESETS["class"],
) -> None:
    """Train the glance generator: speech and one picture of a mouth in, the moving mouth out.

    Writes into the folder: best.safetensors and last.safetensors (the generator at the best validation and at
    the last checkpoint), checkpoint.safetensors, and log, for `tensorboard --logdir DIR/log`. Run it again
    after a stop: it goes on from the checkpoint. Several GPUs or machines: torchrun --nproc-per-node N -m
    lipcourse.cli train glance ...

    Args:
        out: The folder to write into; it is made where it is missing.
        data: Folders of clips prepared by `lipcourse prepare`, or their addresses.
        corpus: Or a corpus, such as puppet, grid or folder, which is first prepared into the cache, once.
        root: Where the files of the corpus lie.
        limit: Prepare so many clips of the corpus at most.
        profile: fast, class or full: what the options below are where they are not given; by default that of
            LIPCOURSE_PROFILE, else class.
        resume: Go on from the folder's checkpoint; else begin anew.
        initial: A generator's weights to begin from.
        options: All other options.
    """
    if bool(data) == bool(corpus):
        raise OptionError("the clips to learn from are not named", remedy="give either --data or --corpus")
    del profile  # `with_profile` has read it: it is in the options
    train(options, data or prepared(str(corpus), root, limit), out, resume=resume, initial=initial)


def with_profile(words: Sequence[str]) -> Callable[..., None]:
    """Return `glance` with the options of the profile that is named among the words of a command line.

    Raises:
        OptionError: There is no profile of that name.
    """
    joined = [part for word in words for part in word.split("=", 1)]
    named = joined[joined.index("--profile") + 1 :][:1] if "--profile" in joined else []
    return partial(glance, options=choose_options(*named))


def prepared(corpus: str, root: Path | None, limit: int | None) -> Path:
    """Return the folder of a corpus's prepared clips in the cache, preparing what is not there."""
    # Here and not above: they need PyAV and dlib, and training does not.
    from lipcourse.corpora.registry import TO_LEARN_FROM, open_corpus
    from lipcourse.windows.corpus import prepare

    opened = open_corpus(corpus, root, TO_LEARN_FROM)
    source = f"{root and root.resolve()} {limit}"
    folder = cache_root() / "prepared" / f"{opened.name}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    prepare(opened, folder, jobs=-1, limit=limit)
    return folder

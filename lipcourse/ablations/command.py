"""`lipcourse ablate`: what the command line calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from lipcourse.ablations import report
from lipcourse.errors import OptionError
from lipcourse.evaluation.ablation import CLIPS, Plan, ablate
from lipcourse.training.command import prepared
from lipcourse.training.methods import choose_methods
from lipcourse.training.presets import PRESETS, GlanceOptions, choose_options


def run(
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    methods: Annotated[str, tyro.conf.arg(metavar="a,e,...")] = "",
    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None,
    corpus: str | None = None,
    root: Path | None = None,
    limit: int | None = None,
    profile: str | None = None,
    initial: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None,
    clips: int = CLIPS,
    landmarks: bool = True,
    jobs: int = 1,
    dask: Annotated[str | None, tyro.conf.arg(metavar="ADDRESS")] = None,
    options: Annotated[GlanceOptions, tyro.conf.arg(name="")] = PRESETS["class"],
) -> None:
    """Train the paper's methods and its rivals alike, and say which of its orderings hold here.

    Writes into the folder: a folder a method (its run, and the films that it makes of test clips),
    results.json, results.md and report.html. Run it again after a stop: what is done is not done again. Run
    it with other methods: they come beside those that are there.

    Args:
        out: The folder to write into; it is made where it is missing.
        methods: Letters of Table 2 (a to i), speech2vid and video_gan (Table 3), with commas; by default all.
        data: A folder of clips prepared by `lipcourse prepare`; its test clips measure.
        corpus: Or a corpus, such as puppet or grid, which is first prepared into the cache, once.
        root: Where the files of the corpus lie.
        limit: Prepare so many clips of the corpus at most.
        profile: fast, class or full: what the options below are where they are not given; by default that of
            LIPCOURSE_PROFILE, else class.
        initial: A generator's weights from which every glance begins; rivals begin anew.
        clips: How many test clips are measured.
        landmarks: Find lips, which LMD needs, in 20 ms a frame.
        jobs: How many methods are trained at a time.
        dask: Train on the workers of the Dask scheduler at this address, such as tcp://10.0.0.5:8786. They
            must have the same lipcourse, and see the data and the folder under the same paths.
        options: All other options, the same for all methods. Weights of losses, motion, derivative and
            network are what methods differ in, and what is given of them is not looked at.
    """
    names = [name.strip() for name in methods.split(",") if name.strip()]
    choose_methods(names)  # before a corpus is prepared for nothing
    if (data is None) == (corpus is None):
        raise OptionError("the clips to learn from are not named", remedy="give either --data or --corpus")
    del profile  # `with_profile` has read it: it is in the options
    folder = data if data is not None else prepared(str(corpus), root, limit)
    plan = Plan(out, folder, options, initial, clips)
    ablation = ablate(plan, names, jobs=jobs, dask=dask, landmarks=landmarks)
    told = report.write(ablation, out)
    print(report.verdicts_in_words(told))
    print(f"Look at {out / 'report.html'}; the numbers are in results.json and results.md beside it.")


def with_profile(words: Sequence[str]) -> Callable[..., None]:
    """Return `run` with the options of the profile that is named among the words of a command line.

    Raises:
        OptionError: There is no profile of that name.
    """
    joined = [part for word in words for part in word.split("=", 1)]
    named = joined[joined.index("--profile") + 1 :][:1] if "--profile" in joined else []
    return partial(run, options=choose_options(*named))

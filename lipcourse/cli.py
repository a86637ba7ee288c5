"""The `lipcourse` command.

Each subcommand is one line in `COMMANDS`: a name, the function that does it, what it does. The function's
signature is its options (tyro), its docstring their help; its module is imported only when it is called, so
that the help comes at once and `lipcourse doctor` runs where torch or dlib cannot be imported.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

import tyro
from rich.console import Console
from rich.traceback import Traceback

from lipcourse import __version__
from lipcourse.errors import LipcourseError, OptionError


class Command(NamedTuple):
    """A subcommand: where its function is, what it does in a line, and how one calls it."""

    module: str
    function: str
    summary: str
    example: str


# A function returns its exit status, or None for 0.
COMMANDS = {
    "doctor": Command(
        "lipcourse.doctor", "run", "Say what works on this machine and what to do about the rest.", ""
    ),
    "inspect": Command(
        "lipcourse.inspection.command",
        "run",
        "Measure a video of a talking face and show it.",
        "my_video.mp4 --out seen",
    ),
    "puppets": Command(
        "lipcourse.corpora.puppet.command",
        "run",
        "Write a corpus of talking puppets, of which all is known.",
        "--clips 100 --talkers 10 --out puppets",
    ),
    "delays": Command(
        "lipcourse.delays.command",
        "run",
        "Study by how many frames the lips lead the sound, over a corpus.",
        "--corpus puppet --limit 40 --out delays",
    ),
    "prepare": Command(
        "lipcourse.preparation.command",
        "run",
        "Prepare a corpus for training, as shards.",
        "--corpus grid --root grid --out prepared",
    ),
    "select": Command(
        "lipcourse.selection.command",
        "run",
        "Choose clips that say all phonemes about equally often.",
        "--corpus grid --root grid --out kept.json",
    ),
    "train glance": Command(
        "lipcourse.training.command",
        "glance",
        "Train the generator of lip movements.",
        "--corpus puppet --profile class --out run",
    ),
    "generate glance": Command(
        "lipcourse.generation.command",
        "run",
        "Make a person in a picture say what is heard in a file.",
        "--audio speech.wav --image face.jpg --out talking.mp4 --full-frame",
    ),
    "train flownet": Command(
        "lipcourse.training.flownet_command",
        "run",
        "Train the network that sees movement.",
        "--data prepared --out run",
    ),
    "train sync": Command(
        "lipcourse.training.sync_expert_command",
        "run",
        "Train the network that hears whether lips are in sync.",
        "--data prepared --out run",
    ),
    "train classifier": Command(
        "lipcourse.training.classifier_command",
        "run",
        "Train the network that tells kinds of mouths.",
        "--data prepared --out run",
    ),
    "evaluate sync": Command(
        "lipcourse.evaluation.sync",
        "run",
        "Measure a network that hears sync, and write its card.",
        "--run run --data prepared --out sync-expert.safetensors",
    ),
    "evaluate classifier": Command(
        "lipcourse.evaluation.classifier",
        "run",
        "Measure a network that tells kinds of mouths, and write its card.",
        "--weights run/classifier.safetensors --data prepared --out classifier.safetensors",
    ),
    "evaluate": Command(
        "lipcourse.judgement.command",
        "run",
        "Measure generated videos, beside some that need no network.",
        "--generated run --reference prepared --out report",
    ),
    "evaluate glance": Command(
        "lipcourse.evaluation.glance_card",
        "run",
        "Measure a network that moves lips, and write its card.",
        "--weights run/best.safetensors --data prepared --out glance-mine.safetensors",
    ),
    "evaluate flow": Command(
        "lipcourse.evaluation.flow",
        "run",
        "Measure a network that sees movement, and write its card.",
        "--run run --data prepared --out flownet.safetensors",
    ),
    "ablate": Command(
        "lipcourse.ablations.command",
        "run",
        "Train the paper's methods alike, and say which of its orderings hold.",
        "--methods a,e --data prepared --out ablations",
    ),
    "course build": Command(
        "lipcourse.course.commands", "build", "Make the notebooks from their sources.", ""
    ),
    "course run": Command(
        "lipcourse.course.commands",
        "run",
        "Run the notebooks into build/course/.",
        "01 --profile fast",
    ),
    "course check": Command(
        "lipcourse.course.commands", "check", "Fail if a notebook is not as its source.", ""
    ),
}

HELP_FLAGS = {"-h", "--help"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        argv: What follows `lipcourse` on the command line; by default that of this process.

    Returns:
        0, or 1 where the command could not do its work, 2 where its options are wrong, 130 after Ctrl-C,
        141 where nobody reads on.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    errors = Console(stderr=True)
    try:
        status = _dispatch(words)
        sys.stdout.flush()
    except BrokenPipeError:  # Whoever reads what is printed, such as `head`, has read enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except SystemExit as stop:  # tyro has printed its help (0) or what is wrong with the options (2).
        return stop.code if isinstance(stop.code, int) else 1
    except KeyboardInterrupt:
        errors.print("interrupted", style="red")
        return 130
    except Exception as error:  # noqa: BLE001 - the last net: a user gets a line, a developer --debug.
        if debug:
            errors.print(Traceback.from_exception(type(error), error, error.__traceback__))
        errors.print(_line(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return error.exit_status if isinstance(error, LipcourseError) else 1
    else:
        return status


def _dispatch(words: list[str]) -> int:
    """Find the command that `words` begins with, and run it on the rest."""
    if not words or words[0] in HELP_FLAGS:
        _print_help()
        return 0
    if words[0] == "--version":
        print(f"lipcourse {__version__}")
        return 0
    for length in (2, 1):
        name = " ".join(words[:length])
        if name in COMMANDS:
            return _run(name, words[length:])
    group = [name for name in COMMANDS if name.startswith(f"{words[0]} ")]
    if group and (len(words) == 1 or words[1] in HELP_FLAGS):
        _print_help(words[0])
        return 0
    raise OptionError(
        f"there is no command {' '.join(words[: 2 if group else 1])!r}",
        remedy=f"choose one of: {', '.join(group or COMMANDS)}",
    )


def _run(name: str, options: list[str]) -> int:
    """Import a command's function and call it with its options."""
    command = COMMANDS[name]
    module = import_module(command.module)
    function: Callable[..., int | None] = getattr(module, command.function)
    # Where an option chooses what the others are by default, the module says so: the help shows those.
    choose = getattr(module, "with_profile", None)
    chosen = choose(options) if choose else function
    # The options have their own box in the help, and who reads it calls nothing.
    text = re.split(r"\n(?:Args|Returns|Raises):", inspect.cleandoc(function.__doc__ or command.summary))[0]
    example = f"\n\nExample: lipcourse {name} {command.example}" if command.example else ""
    status = tyro.cli(
        chosen,
        prog=f"lipcourse {name}",
        description=text.strip() + example,
        args=options,
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    return status or 0


def _print_help(group: str = "") -> None:
    """Print what there is: all commands, or those of a group such as "course"."""
    console = Console(highlight=False)
    names = [name for name in COMMANDS if not group or name.startswith(f"{group} ")]
    console.print(f"usage: lipcourse {group or ''}{' ' if group else ''}COMMAND \\[OPTIONS]\n")
    if not group:
        console.print("A course on speech-driven faces: from a waveform to a talking mouth.\n")
    console.print("[bold]commands[/bold]")
    for name in names:
        console.print(f"  {name:<14}{COMMANDS[name].summary}", soft_wrap=True)
    console.print("\n[bold]examples[/bold]")
    for name in names:
        console.print(f"  lipcourse {name} {COMMANDS[name].example}".rstrip(), soft_wrap=True)
    console.print("\n[bold]options of every command[/bold]")
    console.print("  -h, --help    show a command's own options")
    console.print("  --debug       show the traceback where something went wrong")
    if not group:
        console.print("  --version     show the version")


def _line(error: Exception) -> str:
    """Say an error in one line."""
    if isinstance(error, LipcourseError):
        return f"error: {error}"
    text = " ".join(str(error).split())
    return f"unexpected {type(error).__name__}: {text}; run again with --debug to see where"


if __name__ == "__main__":
    sys.exit(main())

"""The command line: help at once, one line where something is wrong, the right exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module

import pytest

from lipcourse import __version__, cli, doctor
from lipcourse.errors import MediaError, OptionError


def _fail_with(monkeypatch, error):
    def examine():
        raise error

    monkeypatch.setattr(doctor, "examine", examine)


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"]])
def test_help_lists_every_command_with_an_example(capsys, argv):
    assert cli.main(argv) == 0
    out = capsys.readouterr().out
    for name, command in cli.COMMANDS.items():
        assert f"  lipcourse {name} {command.example}".rstrip() in out.splitlines()
        assert command.summary in out


def test_help_of_a_group_lists_its_commands_alone(capsys):
    assert cli.main(["course"]) == 0
    out = capsys.readouterr().out
    assert "course run" in out
    assert "doctor" not in out


def test_help_of_a_command_shows_its_options(capsys):
    assert cli.main(["doctor", "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"lipcourse {__version__}\n"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_is_there_and_says_what_it_does(name):
    command = cli.COMMANDS[name]
    assert getattr(import_module(command.module), command.function).__doc__


@pytest.mark.parametrize(
    "argv", [["docter"], ["course", "make"], ["doctor", "--jsn"], ["inspect"], ["--fast"]]
)
def test_wrong_options_exit_2(capsys, argv):
    assert cli.main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_an_unknown_command_is_answered_with_those_there_are(capsys):
    cli.main(["course", "make"])
    assert capsys.readouterr().err == (
        "error: there is no command 'course make'; choose one of: course build, course run, course check\n"
    )


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (
            MediaError("no audio stream", where="a[1].mp4", remedy="choose another " + 30 * "long "),
            1,
            "error: a[1].mp4: no audio stream; choose another" + 30 * " long",
        ),
        (OptionError("size must be above 0"), 2, "error: size must be above 0"),
        (KeyError("mouth"), 1, "unexpected KeyError: 'mouth'; run again with --debug to see where"),
        (
            RuntimeError("two\nlines"),
            1,
            "unexpected RuntimeError: two lines; run again with --debug to see where",
        ),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_an_error_is_one_line_and_an_exit_status(monkeypatch, capsys, error, status, line):
    _fail_with(monkeypatch, error)
    assert cli.main(["doctor"]) == status
    captured = capsys.readouterr()
    assert captured.err == f"{line}\n"
    assert captured.out == ""


@pytest.mark.parametrize("argv", [["--debug", "doctor"], ["doctor", "--debug"]])
def test_debug_shows_where(monkeypatch, capsys, argv):
    _fail_with(monkeypatch, KeyError("mouth"))
    assert cli.main(argv) == 1
    assert "in examine" in capsys.readouterr().err


def test_the_help_and_the_doctor_import_nothing_heavy():
    heavy = ["IPython", "av", "cv2", "dlib", "librosa", "matplotlib", "numpy", "torch"]
    code = (
        "import sys, lipcourse.cli, lipcourse.doctor; lipcourse.cli.main(['--help']);"
        f"print(*sys.modules.keys() & {heavy})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_a_reader_who_has_read_enough_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "lipcourse.cli", "--version"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")

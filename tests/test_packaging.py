"""The three lists of packages, pip's, conda's and the pinned one, say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
# Where conda-forge has a package under a name of its own.
CONDA_NAMES = {
    "dlib-bin": "dlib",
    "opencv-python-headless": "opencv",
    "torch": "pytorch",
}
PINNED = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>\S+?)(?:\s*;\s*(?P<marker>.+))?$")


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [entry for entries in project["optional-dependencies"].values() for entry in entries]
    return [Requirement(entry) for entry in [*project["dependencies"], *extras]]


def conda() -> dict[str, str]:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip_entries = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    names = [Requirement(entry) for entry in entries if isinstance(entry, str)] + [
        Requirement(entry) for entry in pip_entries
    ]
    return {canonicalize_name(entry.name): str(entry.specifier) for entry in names}


def test_conda_has_the_same_packages_and_ranges() -> None:
    expected = {
        canonicalize_name(CONDA_NAMES.get(entry.name, entry.name)): str(entry.specifier)
        for entry in declared()
    }
    found = conda()
    assert found.pop("python") == ">=3.11"
    found.pop("pip")
    assert found == expected


@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_the_lock_pins_what_is_declared(requirement: Requirement) -> None:
    pins = [PINNED.match(line) for line in (ROOT / "requirements.lock").read_text().splitlines() if line]
    versions = [
        pin["version"] for pin in pins if pin and canonicalize_name(pin["name"]) == requirement.name.lower()
    ]
    assert versions, f"{requirement.name} is not pinned: run make lock"
    assert all(requirement.specifier.contains(version) for version in versions)


def test_the_lock_names_no_place_to_fetch_from() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()


def test_torch_and_torchaudio_are_pinned_as_a_pair() -> None:
    pins = dict(
        line.split(" ;")[0].split("==") for line in (ROOT / "requirements.lock").read_text().splitlines()
    )
    assert pins["torch"].split(".")[:2] == pins["torchaudio"].split(".")[:2]

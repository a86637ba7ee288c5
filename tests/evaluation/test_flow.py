"""Judging flow: rows that can be known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from lipcourse.evaluation.flow import CLASSICAL, contact_sheet, judge_on_frames, judge_on_warps
from lipcourse.training.flownet import Mouths


@pytest.fixture(scope="module")
def mouths() -> Mouths:
    """Two clips, each a still texture that jumps once by two pixels to the right."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(2, 3, 16, 16, generator=generator)
    pictures = functional.interpolate(coarse, size=(64, 80), mode="bicubic", align_corners=True)
    pictures = (pictures.clamp(0, 1) * 255).byte()
    clips = [
        torch.stack([picture[:, :, 2 * (step < 3) : 64 + 2 * (step < 3)] for step in range(6)])
        for picture in pictures
    ]
    follows = torch.tensor([0, 1, 2, 3, 4, 6, 7, 8, 9, 10])
    source = {"name": "GRID (a test)", "licence": "CC BY 4.0", "clips": 2, "talkers": 2}
    return Mouths(torch.cat(clips), follows, [source])


def rows(table: dict[str, list[list[str]]]) -> dict[str, list[float]]:
    return {name: [float(cell) for cell in cells] for name, *cells in table["rows"]}


def test_no_movement_has_the_length_of_the_warps_and_methods_less(mouths: Mouths) -> None:
    table = judge_on_warps(CLASSICAL, mouths, pairs=6)
    found = rows(table)
    assert found["no movement"] == [1.53] * 5
    assert found["Lucas-Kanade"][0] < 0.5
    assert found["Lucas-Kanade"][-1] > found["Lucas-Kanade"][0]  # it believes that brightness stays
    assert all(len(row) == len(table["columns"]) for row in table["rows"])
    assert table["title"] == "End-point error in pixels on warps of 2 talkers of GRID never trained on"


def test_what_is_left_unexplained(mouths: Mouths) -> None:
    right = {"right": lambda video: torch.tensor([2.0, 0.0]).view(1, 2, 1, 1, 1).expand(2, 2, 1, 64, 64)}
    found = rows(judge_on_frames({**CLASSICAL, **right}, mouths, pairs=2))
    jumps = [mouths.frames[frame].float() - mouths.frames[frame + 1].float() for frame in (2, 8)]
    assert found["no movement"] == [pytest.approx(float(torch.stack(jumps).abs().mean()), abs=0.01), 0.0]
    assert found["right"][0] < 0.2 * found["no movement"][0]
    assert found["right"][1] == 2.0
    assert found["Lucas-Kanade"][0] < 0.3 * found["no movement"][0]


def test_the_sheet_is_a_picture(mouths: Mouths) -> None:
    sheet = contact_sheet({"DIS": CLASSICAL["DIS"]}, mouths)
    assert sheet.dtype == np.uint8
    assert sheet[:4].tobytes() == b"\x89PNG"

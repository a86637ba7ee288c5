"""The sync expert: what a point can see and hear, and that light does not matter."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lipcourse.errors import ModelError, SignalError
from lipcourse.networks.flownet import FlowNet
from lipcourse.networks.sync_expert import POINTS, WINDOW, SyncExpert
from lipcourse.networks.weights import load_network, save_network


@pytest.fixture(scope="module")
def expert() -> SyncExpert:
    torch.manual_seed(0)
    return SyncExpert(1 / 4).eval()


def video(frames: int = 12, batch: int = 1) -> torch.Tensor:
    return torch.rand(batch, 3, frames, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1


def sound(frames: int = 12, batch: int = 1) -> torch.Tensor:
    return torch.rand(batch, 4 * frames, 128, generator=torch.Generator().manual_seed(2)) * 60 - 80


def test_points_of_length_one_for_every_window(expert):
    seen, heard = expert(video(12, 2), sound(12, 2))
    assert seen.shape == heard.shape == (2, 12 - WINDOW + 1, POINTS)
    for each in (seen, heard):
        torch.testing.assert_close(each.norm(dim=2), torch.ones(2, 8))
        assert (each[0, 0] @ each[1, 0]).item() < 0.9999


def test_a_point_sees_five_frames_and_hears_their_twenty_columns(expert):
    pictures, columns = video().requires_grad_(), sound().requires_grad_()
    seen, heard = expert(pictures, columns)
    (seen[0, 3, :8].sum() + heard[0, 3, :8].sum()).backward()
    frames = pictures.grad.abs().sum(dim=(0, 1, 3, 4)).nonzero().flatten().tolist()
    heard_columns = columns.grad.abs().sum(dim=(0, 2)).nonzero().flatten().tolist()
    assert frames == list(range(3, 8))
    assert heard_columns == list(range(12, 32))


def test_a_clip_at_once_is_its_windows_one_by_one(expert):
    whole_seen, whole_heard = expert(video(), sound())
    for start in range(8):
        seen, heard = expert(video()[:, :, start : start + 5], sound()[:, 4 * start : 4 * start + 20])
        torch.testing.assert_close(seen[0, 0], whole_seen[0, start], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(heard[0, 0], whole_heard[0, start], atol=1e-5, rtol=1e-4)


def test_light_does_not_matter(expert):
    seen = expert.see(video() * 0.5)
    torch.testing.assert_close(expert.see(video() * 0.25 + 0.2), seen, atol=0.05, rtol=0)
    assert (expert.see(video().flip(4)) - seen).abs().max().item() > 0.05  # it sees something


def test_it_is_as_small_as_it_says():
    parameters = sum(each.numel() for each in SyncExpert().parameters())
    assert parameters == pytest.approx(180_000, rel=0.01)


@pytest.mark.parametrize(
    ("pictures", "columns", "said"),
    [
        (video(4), sound(4), "4 frames are less than a window"),
        (video(12), sound(11), "video has 12 frames, the sound 11"),
        (video(12)[..., :32], sound(12), "video has shape"),
        (video(12), sound(12)[:, :46], "not four a video frame"),
    ],
)
def test_what_does_not_fit(expert, pictures, columns, said):
    with pytest.raises(ModelError, match=said):
        expert(pictures, columns)


def test_judging_is_points_and_their_curve(expert):
    clip = np.random.default_rng(0).integers(0, 256, (16, 64, 64, 3), dtype=np.uint8)
    waveform = np.random.default_rng(1).uniform(-0.5, 0.5, 16 * 640).astype(np.float32)
    found = expert.judge(clip, waveform, 16_000)
    assert len(found.curve) == 15
    assert expert.judge(clip, waveform, 16_000, offsets=range(-2, 3)).curve == pytest.approx(
        found.curve[5:10]
    )


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        (np.zeros((20, 32, 64, 3), np.uint8), "no video of mouths"),
        (np.zeros((20, 64, 64, 3), np.float32), "no video of mouths"),
        (np.zeros((3, 64, 64, 3), np.uint8), "3 frames are less than a window of 5"),
        (np.zeros((14, 64, 64, 3), np.uint8), "10 windows are too few to shift by 7"),
    ],
)
def test_clips_that_cannot_be_judged(expert, clip, said):
    with pytest.raises(SignalError, match=said):
        expert.judge(clip, np.zeros(640 * len(clip), np.float32), 16_000)


def test_as_a_file_it_is_no_other_system(expert, tmp_path):
    path = save_network(tmp_path / "mine.safetensors", expert, system="sync", options={"width": 1 / 4})
    again = load_network(path, SyncExpert, width=1 / 4)
    torch.testing.assert_close(again.see(video()), expert.see(video()))
    with pytest.raises(ModelError, match="system sync, no FlowNet"):
        load_network(path, FlowNet)

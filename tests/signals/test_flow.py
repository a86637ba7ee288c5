"""Optical flow: known warps of real mouths, a plain loop over pixels, gradients, and colours that mean "
"something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from fresh_python import printed
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from lipcourse.errors import LipcourseError, OptionError, SignalError
from lipcourse.signals.flow import Method, draw_flow, estimate_flow, lucas_kanade, warp

METHODS: tuple[Method, ...] = ("lucas_kanade", "farneback", "dis")
HELD_OUT = ("s26", "s30", "s31", "s32")  # the window and the damping were chosen on s1 to s4


def smooth_warps(count: int, cells: int, seed: int = 0, length: float = 1.53) -> torch.Tensor:
    """Random flow fields (N, 2, 64, 64), smooth over 64 / cells pixels, of this mean length in pixels."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 2, cells, cells, generator=generator)
    field = functional.interpolate(coarse, size=(64, 64), mode="bicubic", align_corners=True)
    return field * length / field.norm(dim=1).mean()


def warped_video(pictures: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """Videos of two frames (N, 3, 2, H, W), 8 bits deep, whose true flow is `flow`."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 64), indexing="ij")
    places = torch.stack([x, y], -1) + flow.permute(0, 2, 3, 1) * 2 / 63
    before = functional.grid_sample(
        pictures, places, mode="bicubic", padding_mode="border", align_corners=True
    )
    video = torch.stack([before, pictures], 2).clamp(-1, 1)
    return ((video + 1) * 127.5).round() / 127.5 - 1


def texture(count: int = 1, seed: int = 0, side: int = 64) -> torch.Tensor:
    """Random pictures (N, 3, H, W) with something to see everywhere."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, side // 4, side // 4, generator=generator) * 2 - 1
    return functional.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=True).clamp(-1, 1)


def end_point_error(flow: torch.Tensor, truth: torch.Tensor) -> float:
    return float((flow - truth).norm(dim=1).mean())


@pytest.fixture(scope="module")
def mouths(grid_root: Path) -> torch.Tensor:
    """Real mouths (N, 3, 64, 64) in [-1, 1] of talkers that nothing was tuned on."""
    from lipcourse.media import read_clip
    from lipcourse.signals.alignment import crop_mouths
    from lipcourse.signals.faces import track_landmarks

    crops = []
    for talker in HELD_OUT:
        frames = read_clip(sorted((grid_root / talker).glob("*.mpg"))[0]).frames[:40:5]
        crops.append(crop_mouths(frames, track_landmarks(frames).landmarks)[0])
    return torch.from_numpy(np.concatenate(crops)).permute(0, 3, 1, 2).float() / 127.5 - 1


@pytest.mark.grid
class TestRealMouths:
    @pytest.mark.parametrize("cells", [4, 6, 8])
    def test_known_warps(self, mouths: torch.Tensor, cells: int) -> None:
        truth = smooth_warps(len(mouths), cells)
        assert end_point_error(torch.zeros_like(truth), truth) == pytest.approx(1.53, abs=0.005)
        assert end_point_error(estimate_flow(warped_video(mouths, truth))[:, :, 0], truth) <= 0.72

    @pytest.mark.parametrize("method", METHODS)
    def test_every_method_points_the_same_way(self, mouths: torch.Tensor, method: Method) -> None:
        truth = smooth_warps(len(mouths), 4)
        flow = estimate_flow(warped_video(mouths, truth), method)[:, :, 0]
        assert end_point_error(flow, truth) < 0.5 * 1.53
        assert float(torch.cosine_similarity(flow.flatten(), truth.flatten(), 0)) > 0.8


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("dx", "dy"), [(2.0, 0.0), (0.0, -1.5), (-1.0, 1.0)])
def test_a_shift_is_found_with_its_direction(method: Method, dx: float, dy: float) -> None:
    truth = torch.tensor([dx, dy]).view(1, 2, 1, 1).expand(1, 2, 64, 64)
    flow = estimate_flow(warped_video(texture(), truth), method)[0, :, 0, 12:-12, 12:-12]
    torch.testing.assert_close(flow.mean(dim=(1, 2)), torch.tensor([dx, dy]), atol=0.15, rtol=0)


def test_one_step_is_least_squares_over_a_window() -> None:
    """One level, one step, one pixel in the middle: against plain loops and NumPy's solver."""
    truth = torch.full((1, 2, 64, 64), 0.3)
    first, second = warped_video(texture(), truth)[0].mean(0).double()
    window, damping, (y, x) = 2.0, 1e-3, (30, 33)
    mean, left = ((first + second) / 2).numpy(), (first - second).numpy()
    matrix, right, total = np.zeros((2, 2)), np.zeros(2), 0.0
    for i in range(y - 4, y + 5):
        for j in range(x - 4, x + 5):
            weight = np.exp(-((i - y) ** 2 + (j - x) ** 2) / (2 * window**2))
            slope = np.array([mean[i, j + 1] - mean[i, j - 1], mean[i + 1, j] - mean[i - 1, j]]) / 2
            matrix += weight * np.outer(slope, slope)
            right += weight * slope * left[i, j]
            total += weight
    expected = np.linalg.solve(matrix / total + damping * np.eye(2), right / total)
    options = {"levels": 1, "iterations": 1, "window": window, "damping": damping}
    found = lucas_kanade(first[None], second[None], **options)[0, :, y, x]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_pyramid_sees_further_than_one_level() -> None:
    truth = torch.full((1, 2, 64, 64), 4.0)
    first, second = warped_video(texture(), truth).mean(1).unbind(1)
    errors = [
        end_point_error(
            lucas_kanade(first, second, levels=n)[..., 12:-12, 12:-12], truth[..., 12:-12, 12:-12]
        )
        for n in (1, 3)
    ]
    assert errors[1] < 0.3 < 2 < errors[0]


@pytest.mark.parametrize(
    ("height", "width", "options"),
    [
        (64, 64, {}),
        (33, 50, {"levels": 2, "iterations": 3}),
        (20, 17, {"levels": 1, "window": 1.2, "damping": 1e-2}),
    ],
)
def test_loops_do_what_tensors_do(height: int, width: int, options: dict[str, float]) -> None:
    """Without gradients they are loops, with gradients tensors; in double precision tensors, too."""
    frames = texture(5, side=72).mean(dim=1)
    first, second = frames[:4, :height, :width], frames[:4, 2 : 2 + height, 1 : 1 + width]
    second = second + 0.02 * torch.randn(4, height, width, generator=torch.Generator().manual_seed(0))
    in_loops = lucas_kanade(first, second, **options)
    in_tensors = lucas_kanade(first.clone().requires_grad_(), second, **options)
    assert in_tensors.requires_grad
    assert not in_loops.requires_grad
    assert in_loops.abs().max() > 0.5
    torch.testing.assert_close(in_loops, in_tensors.detach(), atol=1e-4, rtol=0)
    in_double = lucas_kanade(first.double(), second.double(), **options)
    torch.testing.assert_close(in_loops.double(), in_double, atol=1e-4, rtol=0)


def test_without_a_compiler_tensors_do_it() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import torch; from lipcourse.signals.flow import estimate_flow\n"
        "print(estimate_flow(torch.zeros(1, 3, 2, 16, 16)).abs().max().item())"
    )
    assert printed(code) == "0.0"


@settings(max_examples=50, deadline=None)
@given(
    height=st.integers(16, 40), width=st.integers(16, 40), frames=st.integers(2, 4), batch=st.integers(1, 3)
)
def test_shape_and_stillness(height: int, width: int, frames: int, batch: int) -> None:
    still = torch.rand(batch, 3, 1, height, width).expand(-1, -1, frames, -1, -1)
    flow = estimate_flow(still)
    assert flow.shape == (batch, 2, frames - 1, height, width)
    torch.testing.assert_close(flow, torch.zeros_like(flow), atol=1e-4, rtol=0)


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_is_its_videos_and_their_pairs(method: Method) -> None:
    video = torch.stack([warped_video(texture(4, seed), smooth_warps(4, 4, seed)) for seed in (0, 1)])
    video = video.permute(0, 2, 1, 3, 4, 5).flatten(2, 3)  # two videos of 8 frames
    flow = estimate_flow(video, method)
    for b in range(2):
        for t in (0, 3, 6):
            pair = estimate_flow(video[b : b + 1, :, t : t + 2], method)
            torch.testing.assert_close(flow[b, :, t], pair[0, :, 0], atol=1e-4, rtol=0)


def test_flat_pictures_have_no_flow_and_a_gradient() -> None:
    video = torch.zeros(1, 3, 2, 32, 32, requires_grad=True)
    flow = estimate_flow(video)
    flow.square().sum().backward()
    assert bool((flow == 0).all())
    assert bool(torch.isfinite(video.grad).all())


def test_gradients_are_right() -> None:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(2, 1, 10, 9, generator=generator, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda first, second: lucas_kanade(first, second, levels=2, damping=1e-2),
        (pictures[0], pictures[1]),
        eps=1e-7,
        atol=1e-4,
    )


def test_a_picture_can_be_moved_by_descent_on_its_flow() -> None:
    """What training needs: following the gradient makes the second picture move as it should."""
    video = warped_video(texture(), torch.zeros(1, 2, 64, 64))
    wanted = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1, 1)
    second = video[:, :, 1:].clone().requires_grad_()
    optimiser = torch.optim.Adam([second], lr=0.02)
    losses = []
    for _ in range(20):
        loss = (estimate_flow(torch.cat([video[:, :, :1], second], 2)) - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_training_after_inference_mode() -> None:
    video = texture(2, side=20).unsqueeze(0).transpose(1, 2)
    with torch.inference_mode():
        estimate_flow(video)
    video.requires_grad_()
    estimate_flow(video).sum().backward()
    assert bool(torch.isfinite(video.grad).all())


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_type_is_kept_and_half_precision_is_not_used_inside(kind: torch.dtype) -> None:
    video = warped_video(texture(), smooth_warps(1, 4)).to(kind)
    flow = estimate_flow(video)
    assert flow.dtype is kind
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = estimate_flow(video.float())
    torch.testing.assert_close(mixed, estimate_flow(video.float()))
    assert end_point_error(flow.float()[:, :, 0], mixed[:, :, 0]) < 0.15


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_gives_the_same() -> None:
    video = warped_video(texture(), smooth_warps(1, 4))
    flow = estimate_flow(video.cuda())
    assert flow.is_cuda
    torch.testing.assert_close(flow.cpu(), estimate_flow(video), atol=1e-3, rtol=0)


def test_warp_undoes_a_known_movement() -> None:
    truth = smooth_warps(1, 4)
    video = warped_video(texture(), truth)
    pulled = warp(video[:, :, 1], truth)
    assert float((pulled - video[:, :, 0]).abs().mean()) < 0.2 * float(
        (video[:, :, 1] - video[:, :, 0]).abs().mean()
    )


class TestColours:
    def test_each_direction_has_its_colour_and_stillness_is_white(self) -> None:
        flow = torch.zeros(2, 1, 5)
        flow[0, 0], flow[1, 0] = torch.tensor([2.0, 0, -2, 0, 0]), torch.tensor([0, 2.0, 0, -2, 0])
        picture, _ = draw_flow(flow)
        expected = [(230, 159, 0), (0, 158, 115), (0, 114, 178), (204, 121, 167), (255, 255, 255)]
        np.testing.assert_array_equal(picture[0], expected)

    def test_the_wheel_is_the_legend_of_the_picture(self) -> None:
        picture, wheel = draw_flow(torch.tensor([1.5, 2.0]).view(2, 1, 1), longest=5.0, wheel_size=101)
        assert wheel.shape == (101, 101, 3)
        np.testing.assert_array_equal(picture[0, 0], wheel[70, 65])  # 50 pixels are 5: 20 down, 15 right
        np.testing.assert_array_equal(wheel[0, 0], [255, 255, 255])

    def test_longer_is_stronger_up_to_the_longest(self) -> None:
        flow = torch.zeros(2, 1, 3)
        flow[0, 0] = torch.tensor([1.0, 2.0, 9.0])
        blue = draw_flow(flow, longest=2.0)[0][0, :, 2]
        assert blue[0] > blue[1] == blue[2]

    def test_a_batch_and_no_movement_at_all(self) -> None:
        picture, _ = draw_flow(np.zeros((3, 2, 8, 9)))
        assert picture.shape == (3, 8, 9, 3)
        assert picture.min() == 255


def assert_one_line(kind: type[LipcourseError], text: str, action: Callable[[], object]) -> None:
    with pytest.raises(kind, match=text) as caught:
        action()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(3, 2, 64, 64), (1, 1, 2, 64, 64), (1, 3, 1, 64, 64), (1, 3, 2, 15, 64)])
def test_wrong_shapes(shape: tuple[int, ...]) -> None:
    assert_one_line(SignalError, "has no flow", lambda: estimate_flow(torch.zeros(shape)))


def test_wrong_options() -> None:
    video = torch.zeros(1, 3, 2, 64, 64)
    assert_one_line(OptionError, "no flow 'raft'", lambda: estimate_flow(video, "raft"))
    assert_one_line(OptionError, "no gradients", lambda: estimate_flow(video.requires_grad_(), "dis"))
    assert_one_line(OptionError, "levels", lambda: lucas_kanade(video[0, 0], video[0, 0], levels=6))
    assert_one_line(SignalError, "pairs", lambda: lucas_kanade(video[0, 0], video[0, 0, :1]))
    assert_one_line(SignalError, "cannot be drawn", lambda: draw_flow(torch.full((2, 4, 4), torch.nan)))


def test_needs_none_of_the_heavy_packages() -> None:
    code = "import sys, lipcourse.signals.flow; print(sorted({'dlib', 'av', 'librosa'} & set(sys.modules)))"
    assert printed(code) == "[]"

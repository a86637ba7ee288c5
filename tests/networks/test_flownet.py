"""FlowNetS: its size and shapes, what it does not look at, and that a batch is its pairs."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from lipcourse.errors import ModelError
from lipcourse.networks.flownet import FlowNet
from lipcourse.signals.flow import estimate_flow


def small(seed: int = 0) -> FlowNet:
    torch.manual_seed(seed)
    return FlowNet(1 / 8)


def texture(count: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 16, 16, generator=generator) - 0.5
    return functional.interpolate(coarse, size=(64, 64), mode="bicubic", align_corners=True)


def parameters(width: float) -> int:
    with torch.device("meta"):
        return sum(number.numel() for number in FlowNet(width).parameters())


def test_size_at_a_quarter_width_and_at_the_papers() -> None:
    assert parameters(0.25) == pytest.approx(2.4e6, rel=0.02)
    assert parameters(1.0) == pytest.approx(38.7e6, rel=0.002)  # 38.68 M in the authors' release


def test_the_guesses_double_up_to_a_quarter_of_the_picture() -> None:
    network = FlowNet()
    first, second = torch.zeros(2, 3, 64, 128), torch.zeros(2, 3, 64, 128)
    shapes = [tuple(guess.shape) for guess in network(first, second)]
    assert shapes == [(2, 2, size, 2 * size) for size in (1, 2, 4, 8, 16)]
    # The contracting part, as Fig. 2 has it at a quarter width.
    seen = [(layer.out_channels, layer.kernel_size[0], layer.stride[0]) for layer in network.contracting]
    assert seen == [
        (16, 7, 2),
        (32, 5, 2),
        (64, 5, 2),
        (64, 3, 1),
        (128, 3, 2),
        (128, 3, 1),
        (128, 3, 2),
        (128, 3, 1),
        (256, 3, 2),
        (256, 3, 1),
    ]


def test_it_takes_the_place_of_estimate_flow() -> None:
    video = texture(10).view(2, 5, 3, 64, 64).transpose(1, 2)
    flow = small().estimate(video)
    assert flow.shape == estimate_flow(video).shape == (2, 2, 4, 64, 64)


def test_a_batch_is_its_videos_and_their_pairs() -> None:
    video = texture(10).view(2, 5, 3, 64, 64).transpose(1, 2)
    network = small()
    flow = network.estimate(video)
    for b in range(2):
        for t in range(4):
            pair = network.estimate(video[b : b + 1, :, t : t + 2])
            torch.testing.assert_close(flow[b, :, t], pair[0, :, 0], atol=1e-5, rtol=1e-4)


def test_time_has_a_direction() -> None:
    first, second = texture(2).unbind(0)
    network = small()
    there = network(first[None], second[None])[-1]
    back = network(second[None], first[None])[-1]
    assert (there - back).abs().mean().item() > 0.05 * there.abs().mean().item()


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 0.3), (0.5, 0.0), (2.0, -0.2)])
def test_light_on_both_pictures_does_not_matter(gain: float, offset: float) -> None:
    pair = texture(2).double()
    network = small().double()
    wanted = network(pair[:1], pair[1:])[-1]
    lit = gain * pair + offset
    found = network(lit[:1], lit[1:])[-1]
    torch.testing.assert_close(found, wanted, rtol=0.1, atol=0.02 * float(wanted.abs().max()))


def test_the_flow_is_the_finest_guess_enlarged() -> None:
    video = texture(2).unsqueeze(0).transpose(1, 2)
    network = small()
    flow, finest = network.estimate(video)[:, :, 0], network(video[:, :, 0], video[:, :, 1])[-1]
    assert float(flow.max()) <= float(finest.max()) + 1e-6
    torch.testing.assert_close(flow.mean(), finest.mean(), rtol=1e-3, atol=1e-5)


def test_flat_pictures_give_finite_flow_and_gradients() -> None:
    video = torch.zeros(1, 3, 3, 64, 64, requires_grad=True)
    flow = small().estimate(video)
    flow.sum().backward()
    assert bool(torch.isfinite(flow).all())
    assert bool(torch.isfinite(video.grad).all())


def test_gradients_are_right() -> None:
    network = small().double()
    pair = texture(2).double()
    direction = texture(2, seed=1).double()

    def value(step: float) -> torch.Tensor:
        moved = pair + step * direction
        return network.estimate(moved.unsqueeze(0).transpose(1, 2)).square().sum()

    pair.requires_grad_()
    (gradient,) = torch.autograd.grad(value(0.0), pair)
    slope = (value(1e-6) - value(-1e-6)) / 2e-6
    torch.testing.assert_close((gradient * direction).sum(), slope, rtol=1e-4, atol=1e-8)


def test_it_begins_with_little_movement() -> None:
    pictures = texture(8)
    assert float(FlowNet().estimate(pictures.view(4, 2, 3, 64, 64).transpose(1, 2)).abs().mean()) < 1.0


@pytest.mark.parametrize("shape", [(1, 3, 1, 64, 64), (1, 1, 2, 64, 64), (1, 3, 2, 64, 60), (3, 2, 64, 64)])
def test_wrong_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError) as caught:
        small().estimate(torch.zeros(shape))
    assert "\n" not in str(caught.value)

"""The blocks that every network is made of."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lipcourse.errors import ModelError, OptionError
from lipcourse.networks import layers
from lipcourse.signals import audio


@pytest.mark.parametrize(
    ("count", "width", "expected"), [(256, 1, 256), (256, 0.25, 64), (4, 0.1, 1), (3, 0.5, 2)]
)
def test_channels_scale_and_never_vanish(count: int, width: float, expected: int) -> None:
    assert layers.channels(count, width) == expected


@pytest.mark.parametrize("width", [0, -1, math.nan, math.inf])
def test_an_impossible_width_is_refused(width: float) -> None:
    with pytest.raises(OptionError, match="width"):
        layers.channels(256, width)


@settings(deadline=None, max_examples=20)
@given(size=st.lists(st.integers(4, 11), min_size=2, max_size=3), stride=st.sampled_from([1, 2]))
def test_convolution_divides_each_axis_by_its_stride_upwards(size: list[int], stride: int) -> None:
    block = layers.convolution(2, 3, (3,) * len(size), stride)
    assert block(torch.randn(2, 2, *size)).shape == (2, 3, *(math.ceil(side / stride) for side in size))


@pytest.mark.parametrize("mode", ["reflect", "replicate"])
def test_convolution_pads_as_it_is_told(mode: str) -> None:
    block = layers.convolution(1, 1, (7, 7), normalise=False, padding_mode=mode)  # type: ignore[arg-type]
    picture = torch.randn(1, 1, 9, 9)
    padded = nn.functional.pad(picture, (3, 3, 3, 3), mode=mode)
    by_hand = torch.relu(nn.functional.conv2d(padded, block[0].weight, block[0].bias))
    torch.testing.assert_close(block(picture), by_hand)


def test_upsampling_doubles_space_and_leaves_time() -> None:
    assert layers.upsampling(2, 3, axes=2)(torch.randn(2, 2, 5, 7)).shape == (2, 3, 10, 14)
    assert layers.upsampling(2, 3, axes=3)(torch.randn(2, 2, 3, 5, 7)).shape == (2, 3, 3, 10, 14)


def test_a_tower_normalises_its_first_block_only_if_told() -> None:
    kinds = [[type(layer).__name__ for layer in block] for block in layers.tower([1, 2, 3], (3, 3), 2)]
    assert kinds == [["Conv2d", "BatchNorm2d", "ReLU"]] * 2
    bare, normalised = layers.tower([1, 2, 3], (3, 3), 2, normalise_first=False)
    assert [type(layer).__name__ for layer in bare] == ["Conv2d", "ReLU"]
    assert isinstance(normalised[1], nn.BatchNorm2d)


def test_a_residual_block_that_has_learnt_nothing_returns_its_input() -> None:
    block = layers.ResidualBlock(3, (1, 3, 3))
    nn.init.zeros_(block.change[-1].weight)  # type: ignore[arg-type]
    features = torch.randn(2, 3, 4, 5, 6)
    assert torch.equal(block(features), features)


def test_a_residual_block_has_no_relu_after_the_sum() -> None:
    assert layers.ResidualBlock(3, (3, 3))(torch.randn(2, 3, 8, 8) - 5).min() < 0


def test_he_initialisation_keeps_the_mean_square_through_many_layers() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(*(nn.Sequential(nn.Linear(256, 256), nn.ReLU()) for _ in range(20)))
    layers.initialise_he(network)
    signal = torch.randn(64, 256)
    ratio = network(signal).square().mean() / signal.square().mean()
    assert 0.25 < ratio < 4  # PyTorch's own start leaves 1e-16


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        (nn.Conv2d(32, 32, 3, padding=1), (2, 32, 24, 24)),
        (nn.Conv3d(16, 32, 3, padding=1), (2, 16, 9, 12, 12)),
        (nn.ConvTranspose2d(64, 32, 3, 2, 1, output_padding=1), (2, 64, 16, 16)),
        (nn.ConvTranspose3d(32, 16, 3, (1, 2, 2), 1, output_padding=(0, 1, 1)), (2, 32, 9, 12, 12)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_he_initialisation_keeps_the_mean_square_through_each_kind_of_convolution(
    layer: nn.Module, size: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    layers.initialise_he(layer)
    signal = torch.relu(torch.randn(size))
    inside = (..., *[slice(2, -2)] * (len(size) - 2))  # near the edges fewer inputs meet
    out = torch.relu(layer(signal))[inside]
    assert out.square().mean().item() == pytest.approx(signal.square().mean().item(), rel=0.25)


def test_he_initialisation_zeroes_biases_and_leaves_normalisation() -> None:
    network = layers.convolution(3, 4, (3, 3), normalise=False).append(nn.BatchNorm2d(4))
    layers.initialise_he(network)
    assert not network[0].bias.any()
    assert torch.equal(network[2].weight, torch.ones(4))


def test_a_frozen_network_keeps_weights_and_statistics_and_passes_gradients() -> None:
    network = layers.freeze(layers.convolution(1, 2, (3, 3)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    picture = torch.randn(2, 1, 5, 5, requires_grad=True)
    network(picture).sum().backward()
    assert picture.grad is not None
    assert picture.grad.any()
    assert all(weight.grad is None for weight in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_silence_is_zero_to_a_network() -> None:
    silence = audio.log_mel(torch.zeros(1, 28_224))
    assert not layers.above_silence(silence).any()
    assert layers.above_silence(silence + 100).min() == 1


@pytest.mark.parametrize("shape", [(2, 64, 80), (2, 62, 128), (2, 0, 128), (2, 1, 64, 128), (64, 128)])
def test_a_spectrogram_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="log_mel"):
        layers.above_silence(torch.zeros(shape))


@given(batch=st.integers(1, 3), steps=st.integers(1, 4))
def test_frames_as_a_batch_come_back_in_their_places(batch: int, steps: int) -> None:
    video = torch.randn(batch, 3, steps, 2, 5)
    frames = layers.frames_as_batch(video)
    assert torch.equal(frames[-1], video[-1, :, -1])
    assert torch.equal(layers.batch_as_frames(frames, batch), video)


def test_expect_names_what_was_given_and_what_is_needed() -> None:
    with pytest.raises(ModelError, match=r"video has shape \(2, 4\) where \(B, 3\) is needed"):
        layers.expect(torch.zeros(2, 4), "video", ("B", 3))


@given(steps=st.integers(2, 6))
def test_the_time_derivative_is_the_next_frame_less_this_one(steps: int) -> None:
    features = torch.randn(2, 3, steps, 4)
    derivative = layers.time_derivative(features)
    assert derivative.shape[2] == steps - 1
    for step in range(steps - 1):
        assert torch.equal(derivative[:, :, step], features[:, :, step + 1] - features[:, :, step])


def test_one_frame_has_no_derivative() -> None:
    with pytest.raises(ModelError, match="two frames"):
        layers.time_derivative(torch.zeros(1, 2, 1, 4))

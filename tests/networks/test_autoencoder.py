"""The autoencoder of lip frames."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lipcourse.errors import ModelError
from lipcourse.networks.autoencoder import PerceptualAutoencoder
from lipcourse.networks.layers import ResidualBlock, freeze


def test_shapes_at_the_papers_size() -> None:
    with torch.device("meta"):
        network, video = PerceptualAutoencoder(), torch.zeros(2, 3, 16, 64, 64)
        assert network.encode(video).shape == (2, 256, 16, 16, 16)
        assert network(video).shape == video.shape
    assert sum(isinstance(layer, ResidualBlock) for layer in network.encoder) == 6


@settings(deadline=None, max_examples=8)
@given(batch=st.integers(1, 2), steps=st.integers(1, 3), sides=st.tuples(*[st.sampled_from([8, 12, 20])] * 2))
def test_any_length_and_size_comes_back_in_range(batch: int, steps: int, sides: tuple[int, int]) -> None:
    network = PerceptualAutoencoder(1 / 32).eval()
    video = torch.rand(batch, 3, steps, *sides) * 2 - 1
    assert network.encode(video).shape == (batch, 8, steps, sides[0] // 4, sides[1] // 4)
    remembered = network(video)
    assert remembered.shape == video.shape
    assert remembered.abs().max() <= 1


def test_each_frame_is_looked_at_alone() -> None:
    torch.manual_seed(0)
    network = PerceptualAutoencoder(1 / 32).eval()
    video = torch.rand(2, 3, 4, 16, 16)
    together = network(video)
    for frame in range(4):
        alone = network(video[:, :, frame : frame + 1])
        torch.testing.assert_close(together[:, :, frame : frame + 1], alone)


def test_it_learns_to_remember_a_picture() -> None:
    torch.manual_seed(0)
    network = PerceptualAutoencoder(1 / 16)
    ramp = torch.linspace(-0.8, 0.8, 16)
    video = torch.stack([ramp.expand(16, 16), ramp.expand(16, 16).T, ramp.expand(16, 16) * 0])[None, :, None]
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    errors = []
    for _ in range(60):
        error = (network(video) - video).square().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        errors.append(error.item())
    assert errors[-1] < errors[0] / 10


def test_frozen_features_pass_their_gradient_to_the_video() -> None:
    network = freeze(PerceptualAutoencoder(1 / 32))
    video = torch.rand(1, 3, 2, 16, 16, requires_grad=True)
    network.encode(video).square().mean().backward()
    assert video.grad is not None
    assert video.grad.any()


def test_videos_of_another_shape_are_refused() -> None:
    network = PerceptualAutoencoder(1 / 32)
    with pytest.raises(ModelError, match="multiples of 4"):
        network(torch.zeros(1, 3, 2, 18, 16))
    with pytest.raises(ModelError, match="video has shape"):
        network(torch.zeros(1, 3, 16, 16))

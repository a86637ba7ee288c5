"""The three discriminators: their shapes, what each looks at, and what each refuses."""

from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lipcourse.errors import ModelError, OptionError
from lipcourse.networks.glance_discriminators import AudioStream, Discriminator, Motion, PictureStream

NARROW = 1 / 32
KINDS = get_args(Motion)


def clip(batch: int, frames: int, side: int = 64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sound, video and flow of one shape."""
    log_mel = torch.randn(batch, 4 * frames, 128) * 20 - 50
    return (
        log_mel,
        torch.rand(batch, 3, frames, side, side) * 2 - 1,
        torch.randn(batch, 2, frames - 1, side, side),
    )


def test_shapes_at_the_papers_size() -> None:
    with torch.device("meta"):
        log_mel, video, flow = clip(2, 16)
        assert AudioStream().layers(log_mel[:, None]).shape == (2, 256, 4, 8)
        assert AudioStream()(log_mel).shape == (2, 256)
        assert PictureStream(3).layers(video).shape == (2, 256, 1, 4, 4)
        assert PictureStream(2).layers(flow).shape == (2, 256, 1, 4, 4)
        assert Discriminator()(log_mel, video, flow).shape == (2,)


@pytest.mark.parametrize(("motion", "joined"), [("flow", 768), ("difference", 768), ("none", 512)])
def test_the_streams_are_joined_side_by_side(motion: Motion, joined: int) -> None:
    with torch.device("meta"):
        assert Discriminator(motion=motion).join[0].in_channels == joined  # type: ignore[union-attr]


def test_every_stream_has_the_channels_of_the_paper() -> None:
    with torch.device("meta"):
        network = Discriminator()
    for stream in (network.video_stream, network.motion_stream):
        assert stream is not None
        assert [block[0].out_channels for block in stream.layers] == [64, 128, 256, 256]  # type: ignore[index, union-attr]
        assert all(isinstance(block[0], torch.nn.Conv3d) for block in stream.layers)  # type: ignore[index]
    assert len(network.audio_stream.layers) == 4
    assert network.audio_stream.connect[0].out_features == 256
    after = [layer for part in (network.join, network.judge) for layer in part.modules()]
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in after) == 2


@settings(deadline=None, max_examples=10)
@given(
    frames=st.integers(2, 35),
    batch=st.integers(1, 2),
    side=st.sampled_from([17, 64]),
    motion=st.sampled_from(KINDS),
)
def test_any_length_gives_one_logit_a_clip(frames: int, batch: int, side: int, motion: Motion) -> None:
    logits = Discriminator(NARROW, motion).eval()(*clip(batch, frames, side))
    assert logits.shape == (batch,)
    assert logits.isfinite().all()


@pytest.mark.parametrize("motion", KINDS)
def test_each_looks_at_what_it_should(motion: Motion) -> None:
    torch.manual_seed(0)
    inputs = [tensor.requires_grad_() for tensor in clip(2, 16)]
    gradients = torch.autograd.grad(
        Discriminator(1 / 8, motion).eval()(*inputs).sum(), inputs, allow_unused=True
    )
    assert gradients[0].any()
    assert gradients[1].any()
    assert (gradients[2] is not None) == (motion == "flow")


def test_frame_differences_see_movement_and_not_the_picture() -> None:
    torch.manual_seed(0)
    network = Discriminator(NARROW, "difference").eval()
    seen: list[torch.Tensor] = []
    assert network.motion_stream is not None
    network.motion_stream.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    log_mel, video, _ = clip(1, 4)
    network(log_mel, video)
    network(log_mel, video + 0.5)
    torch.testing.assert_close(seen[0], video[:, :, 1:] - video[:, :, :-1])
    torch.testing.assert_close(seen[0], seen[1])


def test_it_can_learn_that_sound_and_video_do_not_belong_together() -> None:
    torch.manual_seed(0)
    network = Discriminator(1 / 16, "none")
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    loud = torch.tensor([0.0, 1.0]).repeat(4)
    log_mel = (-100 + 80 * loud)[:, None, None].expand(-1, 16, 128)
    video = (2 * loud - 1)[:, None, None, None, None].expand(-1, 3, 4, 16, 16)
    truth = torch.cat([torch.ones(8), torch.zeros(8)])
    for _ in range(40):
        logits = network(log_mel.repeat(2, 1, 1), torch.cat([video, video.roll(1, 0)]))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.1  # ln 2 = 0.69 is what it would be without listening


def test_constant_video_silence_and_no_flow_give_finite_gradients() -> None:
    torch.manual_seed(0)
    network = Discriminator(NARROW).train()
    video = torch.zeros(1, 3, 16, 64, 64, requires_grad=True)
    network(torch.full((1, 64, 128), -100.0), video, torch.zeros(1, 2, 15, 64, 64)).sum().backward()
    assert video.grad is not None
    assert video.grad.isfinite().all()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in network.parameters())


def test_inputs_that_do_not_fit_are_refused() -> None:
    log_mel, video, flow = clip(1, 4, 16)
    network = Discriminator(NARROW).eval()
    with pytest.raises(ModelError, match="log_mel has shape"):
        network(log_mel[:, :12], video, flow)
    with pytest.raises(ModelError, match="has not been given the video's flow"):
        network(log_mel, video)
    with pytest.raises(ModelError, match="flow has shape"):
        network(log_mel, video, flow[:, :, :2])
    with pytest.raises(ModelError, match="video has shape"):
        network(log_mel, video[:, :2], flow)
    with pytest.raises(ModelError, match="two frames"):
        Discriminator(NARROW, "difference").eval()(log_mel[:, :4], video[:, :, :1])


def test_an_unknown_third_stream_is_refused() -> None:
    with pytest.raises(OptionError, match="flow, difference, none"):
        Discriminator(NARROW, "smell")  # type: ignore[arg-type]

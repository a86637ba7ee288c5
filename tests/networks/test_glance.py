"""The glance generator: every shape of the table, and that duplication copies without mixing."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lipcourse.errors import ModelError, OptionError
from lipcourse.networks.glance import (
    AudioEncoder,
    Decoder,
    FusionByDuplication,
    Generator,
    IdentityEncoder,
    PaintingConvolution,
    duplicate,
)

NARROW = 1 / 32


def parameters(network: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


@pytest.fixture(scope="module")
def narrow() -> Generator:
    torch.manual_seed(0)
    return Generator(NARROW).eval()


def test_every_shape_at_the_papers_size() -> None:
    with torch.device("meta"):
        log_mel, image = torch.zeros(2, 64, 128), torch.zeros(2, 3, 64, 64)
        heard, seen = AudioEncoder()(log_mel), IdentityEncoder()(image)
        assert heard.shape == (2, 256, 16, 16)
        assert seen.shape == (2, 256, 16, 16)
        assert duplicate(heard, seen).shape == (2, 512, 16, 16, 16)
        fused = FusionByDuplication()(heard, seen)
        assert fused.shape == (2, 256, 16, 16, 16)
        assert Decoder()(fused).shape == (2, 3, 16, 64, 64)
        video, audio_features = Generator()(log_mel, image)
        assert video.shape == (2, 3, 16, 64, 64)
        assert audio_features.shape == (2, 256, 16, 16)


def test_every_layer_has_the_channels_of_the_paper() -> None:
    with torch.device("meta"):
        generator = Generator()

    def outputs(part: torch.nn.Module) -> list[int]:
        kinds = torch.nn.Conv2d | torch.nn.Conv3d | torch.nn.ConvTranspose3d
        return [layer.out_channels for layer in part.modules() if isinstance(layer, kinds)]

    assert outputs(generator.audio_encoder) == [32, 64, 128, 256, 256]
    assert outputs(generator.identity_encoder) == [64, 128, 256]
    assert outputs(generator.fusion) == [256]
    assert outputs(generator.decoder) == [256] * 18 + [128, 64] + [3]


def test_every_layer_has_the_kernel_and_stride_of_the_paper() -> None:
    with torch.device("meta"):
        generator = Generator()

    def layers(part: torch.nn.Module) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        kinds = torch.nn.Conv2d | torch.nn.Conv3d | torch.nn.ConvTranspose3d
        return [(layer.kernel_size, layer.stride) for layer in part.modules() if isinstance(layer, kinds)]

    assert [kernel for kernel, _ in layers(generator.audio_encoder)] == [(3, 3)] * 5
    assert [stride for _, stride in layers(generator.audio_encoder)] == [
        (1, 1),
        (2, 2),
        (1, 1),
        (2, 2),
        (1, 2),
    ]
    assert [kernel for kernel, _ in layers(generator.identity_encoder)] == [(7, 7), (3, 3), (3, 3)]
    assert [stride for _, stride in layers(generator.identity_encoder)] == [(1, 1), (2, 2), (2, 2)]
    assert generator.identity_encoder.layers[0][0].padding_mode == "reflect"  # type: ignore[index, union-attr]
    assert layers(generator.fusion) == [((3, 3, 3), (1, 1, 1))]
    assert layers(generator.decoder.blocks) == [((1, 3, 3), (1, 1, 1))] * 18
    assert [stride for _, stride in layers(generator.decoder.enlarge)] == [(1, 2, 2)] * 2
    assert all(isinstance(block[0], nn.ConvTranspose3d) for block in generator.decoder.enlarge)  # type: ignore[index]
    assert layers(generator.decoder.paint) == [((7, 7, 7), (1, 1, 1))]


@pytest.mark.parametrize(("kernel", "millions"), [("1x3x3", 16.7), ("3x3x3", 37.9)])
def test_the_full_generator_has_the_papers_parameter_count(kernel: str, millions: float) -> None:
    with torch.device("meta"):
        assert parameters(Generator(block_kernel=kernel)) == pytest.approx(millions * 1e6, rel=0.02)  # type: ignore[arg-type]


def test_half_the_width_has_a_quarter_of_the_parameters() -> None:
    with torch.device("meta"):
        assert parameters(Generator()) / parameters(Generator(0.5)) == pytest.approx(4, rel=0.02)


@settings(deadline=None, max_examples=8)
@given(frames=st.integers(1, 21), batch=st.integers(1, 2), image_width=st.sampled_from([60, 64, 68]))
def test_any_length_gives_as_many_frames(frames: int, batch: int, image_width: int) -> None:
    generator = Generator(NARROW).eval()
    with torch.inference_mode():
        video, heard = generator(
            torch.randn(batch, 4 * frames, 128) - 50, torch.rand(batch, 3, 64, image_width)
        )
    assert video.shape == (batch, 3, frames, 64, image_width)
    assert heard.shape == (batch, 8, frames, 16)
    assert video.abs().max() <= 1


@given(
    batch=st.integers(1, 3),
    counts=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    steps=st.integers(1, 4),
    sides=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_duplication_copies_and_does_not_mix(
    batch: int, counts: tuple[int, int], steps: int, sides: tuple[int, int]
) -> None:
    heard = torch.randn(batch, counts[0], steps, sides[0])
    seen = torch.randn(batch, counts[1], *sides)
    fused = duplicate(heard, seen)
    assert fused.shape == (batch, sum(counts), steps, *sides)
    for column in range(sides[1]):
        assert torch.equal(fused[:, : counts[0], :, :, column], heard)
    for step in range(steps):
        assert torch.equal(fused[:, counts[0] :, step], seen)


def test_a_gradient_flows_to_every_copys_original() -> None:
    heard = torch.randn(1, 2, 3, 4, requires_grad=True)
    seen = torch.randn(1, 2, 4, 5, requires_grad=True)
    duplicate(heard, seen).sum().backward()
    assert heard.grad is not None
    assert seen.grad is not None
    assert torch.equal(heard.grad, torch.full_like(heard, 5))  # once a column
    assert torch.equal(seen.grad, torch.full_like(seen, 3))  # once a frame


def test_duplication_refuses_sides_that_do_not_fit() -> None:
    with pytest.raises(ModelError, match="identity features"):
        duplicate(torch.zeros(1, 2, 3, 16), torch.zeros(1, 2, 32, 16))
    with pytest.raises(ModelError, match="identity features"):
        duplicate(torch.zeros(2, 2, 3, 16), torch.zeros(1, 2, 16, 16))


def test_both_inputs_reach_every_frame(narrow: Generator) -> None:
    log_mel = (torch.randn(1, 64, 128) - 50).requires_grad_()
    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    video = narrow(log_mel, image).video
    for frame in (0, 7, 15):
        heard, seen = torch.autograd.grad(video[:, :, frame].sum(), (log_mel, image), retain_graph=True)
        assert heard[0, 4 * frame : 4 * frame + 4].any()
        assert seen.any()


@pytest.mark.parametrize(("kernel", "own_frame_alone"), [("1x3x3", True), ("3x3x3", False)])
def test_the_default_residual_blocks_look_at_one_frame(kernel: str, own_frame_alone: bool) -> None:
    decoder = Decoder(NARROW, kernel).eval()  # type: ignore[arg-type]
    features = torch.randn(1, 8, 5, 4, 4, requires_grad=True)
    decoder.blocks(features)[:, :, 2].sum().backward()
    assert features.grad is not None
    touched = features.grad.abs().sum(dim=(0, 1, 3, 4)) > 0
    assert touched.tolist() == ([False, False, True, False, False] if own_frame_alone else [True] * 5)


def test_silence_and_an_even_image_give_finite_video_and_gradients() -> None:
    torch.manual_seed(0)
    generator = Generator(NARROW).train()
    video, heard = generator(torch.full((1, 16, 128), -100.0), torch.zeros(1, 3, 64, 64))
    (video.square().mean() + heard.mean()).backward()
    assert video.isfinite().all()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in generator.parameters())


def test_inputs_of_another_shape_are_refused(narrow: Generator) -> None:
    log_mel, image = torch.zeros(1, 8, 128), torch.zeros(1, 3, 64, 64)
    with pytest.raises(ModelError, match="four a video frame"):
        narrow(log_mel[:, :7], image)
    with pytest.raises(ModelError, match="image has shape"):
        narrow(log_mel, image[:, :1])
    with pytest.raises(ModelError, match="multiples of 4"):
        narrow(log_mel, image[..., :62])
    with pytest.raises(ModelError, match="identity features"):
        narrow(log_mel, image.repeat(1, 1, 2, 2))


def test_unknown_residual_blocks_are_refused() -> None:
    with pytest.raises(OptionError, match="1x3x3, 3x3x3"):
        Decoder(NARROW, "2x2x2")  # type: ignore[arg-type]


def test_painting_is_the_convolution_that_its_weights_say() -> None:
    torch.manual_seed(0)
    painting = PaintingConvolution(4, 3, 7).double()
    features = torch.randn(2, 4, 5, 12, 10, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(painting(features), nn.Conv3d.forward(painting, features))
    torch.autograd.gradcheck(painting, features[:1, :, :2, :4, :4].detach().requires_grad_())


@pytest.mark.parametrize(("steps", "columns"), [(1, 1), (2, 3), (3, 2), (4, 4), (9, 6)])
def test_fusion_is_the_convolution_of_the_duplicated_features(steps: int, columns: int) -> None:
    torch.manual_seed(0)
    fusion = FusionByDuplication(NARROW).double()
    heard = torch.randn(2, 8, steps, 5, dtype=torch.float64, requires_grad=True)
    seen = torch.randn(2, 8, 5, columns, dtype=torch.float64, requires_grad=True)
    inputs = (heard, seen, *fusion.parameters())
    quick, plain = fusion(heard, seen), fusion.mix(duplicate(heard, seen))
    torch.testing.assert_close(quick, plain)
    for one, other in zip(
        torch.autograd.grad(quick.square().sum(), inputs),
        torch.autograd.grad(plain.square().sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(one, other, atol=1e-9, rtol=1e-6)

"""The losses against plain loops, finite differences, and inputs where formulas break."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lipcourse.errors import ModelError, OptionError
from lipcourse.networks.glance_correlation import AudioDerivativeEncoder, FlowEncoder
from lipcourse.training.losses import (
    CorrelationMode,
    ObjectiveWeights,
    correlation_loss,
    discriminator_loss,
    generator_loss,
    perceptual_loss,
    pixel_loss,
)

MODES: list[CorrelationMode] = ["flat", "channel_mean"]


def cosine_by_loops(first: list[float], second: list[float]) -> float:
    product = squares_first = squares_second = 0.0
    for a, b in zip(first, second, strict=True):
        product += a * b
        squares_first += a * a
        squares_second += b * b
    return product / (math.sqrt(squares_first) * math.sqrt(squares_second) + 1e-8)


def correlation_by_loops(audio: Tensor, motion: Tensor, mode: CorrelationMode) -> float:
    total = 0.0
    for heard, seen in zip(audio, motion, strict=True):
        if mode == "flat":
            total += 1 - cosine_by_loops(heard.flatten().tolist(), seen.flatten().tolist())
        else:
            tracks = [
                [sum(float(row[t]) for row in matrix) / len(matrix) for t in range(matrix.shape[1])]
                for matrix in (heard, seen)
            ]
            total += 1 - cosine_by_loops(*tracks)
    return total / len(audio)


@pytest.mark.parametrize("mode", MODES)
@settings(deadline=None, max_examples=15)
@given(sizes=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5)), seed=st.integers(0, 999))
def test_correlation_loss_is_equation_1(
    mode: CorrelationMode, sizes: tuple[int, int, int], seed: int
) -> None:
    torch.manual_seed(seed)
    audio, motion = torch.randn(2, *sizes, dtype=torch.float64)
    by_loops = correlation_by_loops(audio, motion, mode)
    assert correlation_loss(audio, motion, mode=mode).item() == pytest.approx(by_loops, abs=1e-9)


def test_the_two_readings_of_the_correlation_loss_differ() -> None:
    audio = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    motion = audio.flip(1)  # the same movements, in other channels
    assert correlation_loss(audio, motion).item() == pytest.approx(1)
    assert correlation_loss(audio, motion, mode="channel_mean").item() == pytest.approx(0, abs=1e-6)


def test_correlation_loss_is_flat_by_default() -> None:
    audio, motion = torch.rand(2, 2, 16, 15)
    assert correlation_loss(audio, motion) == correlation_loss(audio, motion, mode="flat")


@pytest.mark.parametrize("mode", MODES)
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 999), scale=st.sampled_from([1e-12, 1e-4, 1.0, 1e6]), dead=st.booleans())
def test_correlation_loss_of_relu_outputs_lies_in_0_1(
    mode: CorrelationMode, seed: int, scale: float, dead: bool
) -> None:
    torch.manual_seed(seed)
    audio, motion = torch.relu(torch.randn(2, 3, 4, 5)) * scale
    loss = correlation_loss(audio * (not dead), motion, mode=mode)
    assert -1e-6 <= loss <= 1 + 1e-6


@pytest.mark.parametrize("mode", MODES)
def test_correlation_loss_does_not_see_size(mode: CorrelationMode) -> None:
    audio, motion = torch.rand(2, 2, 16, 15)
    torch.testing.assert_close(
        correlation_loss(3 * audio, 0.2 * motion, mode=mode), correlation_loss(audio, motion, mode=mode)
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_zero_vectors_give_a_finite_loss_and_gradient(mode: CorrelationMode, dtype: torch.dtype) -> None:
    for other in (0.0, 1.0):
        audio = torch.zeros(2, 4, 5, dtype=dtype, requires_grad=True)
        motion = torch.full((2, 4, 5), other, dtype=dtype, requires_grad=True)
        loss = correlation_loss(audio, motion, mode=mode)
        assert loss.item() == 1
        gradients = torch.autograd.grad(loss, (audio, motion))
        if dtype != torch.float16 or other == 0:  # 1 / epsilon is beyond the greatest half, 65504
            assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("level", [0.0, 1e-6, 1.0])
def test_constant_video_and_silence_give_finite_losses_and_gradients(level: float) -> None:
    torch.manual_seed(0)
    hear, see = AudioDerivativeEncoder(0.1).train(), FlowEncoder(0.5).train()
    hear_shape, see_shape = (2, 26, 7, 16), (2, 2, 7, 64, 64)
    loss = correlation_loss(hear(torch.zeros(hear_shape))[:, :1], see(level * torch.ones(see_shape))[:, :1])
    loss.backward()
    assert loss.isfinite()
    weights = [*hear.parameters(), *see.parameters()]
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in weights)


@settings(deadline=None, max_examples=15)
@given(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=5), seed=st.integers(0, 999))
def test_pixel_and_perceptual_losses_are_means_over_everything(sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    first, second = torch.randn(2, *sizes, dtype=torch.float64)
    differences = [a - b for a, b in zip(first.flatten().tolist(), second.flatten().tolist(), strict=True)]
    absolute = sum(abs(difference) for difference in differences) / len(differences)
    squared = sum(difference**2 for difference in differences) / len(differences)
    assert pixel_loss(first, second).item() == pytest.approx(absolute)
    assert perceptual_loss(first, second).item() == pytest.approx(squared)


def test_a_video_costs_nothing_against_itself_and_2_against_its_opposite() -> None:
    video = torch.ones(1, 3, 2, 4, 4)
    assert pixel_loss(video, video) == 0
    assert pixel_loss(video, -video) == 2
    assert perceptual_loss(video, video) == 0


def test_half_precision_is_summed_in_float32() -> None:
    video = torch.full((300, 300), 2.0, dtype=torch.float16)
    assert pixel_loss(video, -video).dtype == torch.float32
    assert perceptual_loss(100 * video, -100 * video).item() == pytest.approx(
        160_000
    )  # beyond the greatest half


LOGITS = st.lists(st.floats(-8, 8), min_size=1, max_size=4)


@settings(deadline=None, max_examples=25)
@given(
    matched=LOGITS, generated=LOGITS, mismatched=LOGITS, weights=st.tuples(st.floats(0, 2), st.floats(0, 2))
)
def test_adversarial_losses_are_the_printed_logarithms(
    matched: list[float], generated: list[float], mismatched: list[float], weights: tuple[float, float]
) -> None:
    def believed(logit: float) -> float:
        return 1 / (1 + math.exp(-logit))

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    expected = (
        mean([-math.log(believed(x)) for x in matched])
        + weights[0] * mean([-math.log(1 - believed(x)) for x in generated])
        + weights[1] * mean([-math.log(1 - believed(x)) for x in mismatched])
    )
    tensors = [torch.tensor(values, dtype=torch.float64) for values in (matched, generated, mismatched)]
    loss = discriminator_loss(*tensors, lambda_p=weights[0], lambda_u=weights[1])
    assert loss.item() == pytest.approx(expected, rel=1e-9)
    fooling = mean([-math.log(believed(x)) for x in generated])
    assert generator_loss(tensors[1]).item() == pytest.approx(fooling, rel=1e-9)


def test_a_discriminator_that_cannot_tell_pays_ln_2_a_term() -> None:
    unsure = torch.zeros(4)
    assert discriminator_loss(unsure, unsure, unsure).item() == pytest.approx(2 * math.log(2))
    assert generator_loss(unsure).item() == pytest.approx(math.log(2))


def test_a_discriminator_that_is_wrong_and_sure_still_has_finite_losses_and_gradients() -> None:
    logits = torch.tensor([-1e4, 1e4], requires_grad=True)
    for loss in (discriminator_loss(logits, logits, logits), generator_loss(logits)):
        (gradient,) = torch.autograd.grad(loss, logits)
        assert loss.isfinite()
        assert gradient.isfinite().all()
        assert gradient.any()


def test_gradients_agree_with_finite_differences() -> None:
    torch.manual_seed(0)
    pair = [torch.rand(2, 3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    logits = [torch.randn(3, dtype=torch.float64, requires_grad=True) for _ in range(3)]
    for mode in MODES:
        assert torch.autograd.gradcheck(lambda a, b, mode=mode: correlation_loss(a, b, mode=mode), pair)
    assert torch.autograd.gradcheck(pixel_loss, pair)
    assert torch.autograd.gradcheck(perceptual_loss, pair)
    assert torch.autograd.gradcheck(generator_loss, logits[:1])
    assert torch.autograd.gradcheck(discriminator_loss, logits)


@pytest.mark.parametrize("loss", [correlation_loss, pixel_loss, perceptual_loss])
def test_shapes_that_broadcasting_would_hide_are_refused(loss) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match="shapes differ"):
        loss(torch.zeros(2, 3, 4), torch.zeros(2, 1, 4))


def test_an_unknown_correlation_is_refused() -> None:
    with pytest.raises(OptionError, match="flat, channel_mean"):
        correlation_loss(torch.zeros(1, 2, 3), torch.zeros(1, 2, 3), mode="spectral")  # type: ignore[arg-type]


def test_the_objective_has_the_papers_weights() -> None:
    losses = {
        "correlation": torch.tensor(1.0),
        "pixel": torch.tensor(10.0),
        "perceptual": torch.tensor(100.0),
        "adversarial": torch.tensor(1000.0),
    }
    assert ObjectiveWeights().total(losses) == 1 + 5 + 100 + 1000
    assert ObjectiveWeights(correlation=0, adversarial=0.1).total(losses) == 5 + 100 + 100


def test_a_loss_without_weight_may_be_missing_or_not_a_number() -> None:
    weights = ObjectiveWeights(correlation=0, perceptual=0, adversarial=0)
    assert weights.total({"pixel": torch.tensor(2.0)}) == 1
    assert weights.total({"pixel": torch.tensor(2.0), "perceptual": torch.tensor(math.nan)}) == 1


def test_an_objective_that_cannot_be_meant_is_refused() -> None:
    pixel = {"pixel": torch.tensor(1.0)}
    with pytest.raises(OptionError, match="no adversarial, correlation, perceptual loss given"):
        ObjectiveWeights().total(pixel)
    with pytest.raises(OptionError, match="no weight for sharpness"):
        ObjectiveWeights().total({**pixel, "sharpness": torch.tensor(1.0)})
    with pytest.raises(OptionError, match="every loss has weight 0"):
        ObjectiveWeights(0, 0, 0, 0).total(pixel)
    for weight in (-1.0, math.nan, math.inf):
        with pytest.raises(OptionError, match="pixel"):
            ObjectiveWeights(pixel=weight)

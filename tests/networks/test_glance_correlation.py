"""phi_s and phi_v: their shapes, and how far each step hears and sees."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lipcourse.errors import ModelError
from lipcourse.networks.glance_correlation import AudioDerivativeEncoder, FlowEncoder


def touched_steps(network: torch.nn.Module, given: torch.Tensor, step: int) -> list[int]:
    """Which steps in time of the input one step of the output depends on."""
    given.requires_grad_()
    network(given)[:, :, step].sum().backward()
    assert given.grad is not None
    axes = [axis for axis in range(given.ndim) if axis != 2]
    return (given.grad.abs().sum(dim=axes) > 0).nonzero().flatten().tolist()  # type: ignore[no-any-return]


def test_shapes_at_the_papers_size() -> None:
    with torch.device("meta"):
        assert AudioDerivativeEncoder()(torch.zeros(2, 256, 15, 16)).shape == (2, 16, 15)
        assert FlowEncoder()(torch.zeros(2, 2, 15, 64, 64)).shape == (2, 16, 15)
        assert FlowEncoder(inputs=3)(torch.zeros(2, 3, 16, 64, 64)).shape == (2, 16, 16)


def test_every_layer_has_the_channels_of_the_paper() -> None:
    with torch.device("meta"):
        heard, seen = AudioDerivativeEncoder(), FlowEncoder()
    assert [block[0].out_channels for block in heard.layers] == [128, 64, 32, 16]  # type: ignore[index, union-attr]
    assert [block[0].out_channels for block in seen.layers] == [4, 8, 16, 16, 16, 16]  # type: ignore[index, union-attr]


def test_each_step_of_phi_s_hears_exactly_nine() -> None:
    torch.manual_seed(0)
    network = AudioDerivativeEncoder(0.25).eval()
    assert touched_steps(network, torch.randn(4, 64, 25, 16), 12) == list(range(8, 17))


def test_each_step_of_phi_v_sees_exactly_thirteen() -> None:
    torch.manual_seed(0)
    network = FlowEncoder(1.0).eval()
    assert touched_steps(network, torch.randn(4, 2, 25, 64, 64), 12) == list(range(6, 19))


@settings(deadline=None, max_examples=10)
@given(steps=st.integers(1, 19), batch=st.integers(1, 2))
def test_any_length_gives_as_many_steps_and_none_is_negative(steps: int, batch: int) -> None:
    heard = AudioDerivativeEncoder(0.1).eval()(torch.randn(batch, 26, steps, 16))
    seen = FlowEncoder(0.5).eval()(torch.randn(batch, 2, steps, 64, 64))
    assert heard.shape == (batch, 2, steps)
    assert seen.shape == (batch, 8, steps)
    assert min(heard.min(), seen.min()) >= 0


def test_both_scale_with_width() -> None:
    with torch.device("meta"):
        assert AudioDerivativeEncoder(0.5)(torch.zeros(1, 128, 15, 16)).shape == (1, 8, 15)
        assert FlowEncoder(0.5)(torch.zeros(1, 2, 15, 64, 64)).shape == (1, 8, 15)


def test_inputs_of_another_shape_are_refused() -> None:
    with pytest.raises(ModelError, match="audio derivative"):
        AudioDerivativeEncoder(0.25)(torch.zeros(1, 256, 15, 16))
    with pytest.raises(ModelError, match="flow"):
        FlowEncoder()(torch.zeros(1, 2, 15, 32, 32))
    with pytest.raises(ModelError, match="flow"):
        FlowEncoder()(torch.zeros(1, 3, 15, 64, 64))

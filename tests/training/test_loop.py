import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from lipcourse.errors import OptionError
from lipcourse.networks.layers import ResidualBlock, convolution, initialise_he
from lipcourse.training.loop import (
    NotFiniteError,
    Progress,
    duration,
    fix_statistics,
    held,
    launch,
    learning_rate,
    measuring_statistics,
    minimise,
    start_quietly,
)


@pytest.fixture(scope="module")
def fabric():
    return launch("cpu")


def test_cuda_asked_for_and_absent_is_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OptionError, match="no CUDA GPU that PyTorch can use; choose --device cpu"):
        launch("cuda")


def test_the_learning_rate_rises_and_falls():
    rates = [learning_rate(2.0, step, 100, "cosine", 10) for step in range(100)]
    assert rates[:10] == pytest.approx([2.0 * step / 10 for step in range(1, 11)])
    assert rates[55] == pytest.approx(1.0)
    assert all(a > b for a, b in pairwise(rates[10:]))
    assert rates[-1] < 0.01
    assert [learning_rate(2.0, step, 100, "constant", 0) for step in (0, 50, 99)] == [2.0] * 3


@pytest.mark.parametrize("clip", [0.0, 0.5])
def test_a_step_goes_down_the_gradient(fabric, clip):
    weight = nn.Parameter(torch.tensor([3.0, 4.0]))
    loss = weight.square().sum() / 2  # its gradient is the weight itself, of length 5
    told = minimise(fabric, "it", torch.optim.SGD([weight], lr=0.1), loss, {"square": loss}, clip)
    assert told == pytest.approx({"square": 12.5, "it gradient": 5.0})
    shortened = clip / 5 if clip else 1.0
    torch.testing.assert_close(weight.detach(), torch.tensor([3.0, 4.0]) * (1 - 0.1 * shortened))


@pytest.mark.parametrize(
    ("build", "name"),
    [(lambda w: (w * math.nan).sum(), "loss"), (lambda w: (w - w).abs().sqrt().sum(), "it gradient")],
)
def test_a_loss_that_is_no_number_changes_nothing(fabric, build, name):
    weight = nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adam([weight])
    loss = build(weight)
    with pytest.raises(NotFiniteError, match=name):
        minimise(fabric, "it", optimizer, loss, {"loss": loss}, 1.0)
    assert torch.equal(weight, torch.ones(2))
    assert not optimizer.state_dict()["state"]


def test_a_held_network_passes_gradients_on_and_takes_none():
    judge, made = nn.Linear(3, 1), torch.randn(2, 3, requires_grad=True)
    with held(judge):
        judge(made).sum().backward()
    assert made.grad is not None
    assert judge.weight.grad is None
    assert judge.weight.requires_grad


def test_with_fixed_statistics_a_window_does_not_depend_on_those_beside_it():
    network = convolution(2, 3, (3, 3)).train()
    batch = torch.randn(4, 2, 8, 8)
    assert not torch.allclose(network(batch)[:2], network(batch[:2]))
    fix_statistics(network)
    torch.testing.assert_close(network(batch)[:2], network(batch[:2]))


def test_progress_is_a_line():
    line = Progress(5, 10, "glance", {"pixel": 0.25}, 31.24, 3725, 3 * 2**30, 2, "PSNR 30 dB")
    assert str(line) == (
        "glance 5/10  pixel 0.2500  31.2 windows/s  1:02:05 left  3.0 GiB  2 skipped  PSNR 30 dB"
    )
    assert duration(59.6) == "1:00"


def test_a_quiet_start_keeps_nine_blocks_from_growing_the_signal() -> None:
    torch.manual_seed(0)
    blocks = nn.Sequential(*(ResidualBlock(16, (3, 3)) for _ in range(9)))
    initialise_he(blocks)
    fix_statistics(blocks)
    features = torch.randn(4, 16, 12, 12)
    loud = blocks(features).var() / features.var()
    start_quietly(blocks)
    quiet = blocks(features).var() / features.var()
    assert loud > 50
    assert quiet < 1.5


def test_measured_statistics_are_those_of_all_that_was_shown() -> None:
    torch.manual_seed(0)
    network = convolution(3, 5, (3, 3))
    first, second = torch.randn(4, 3, 8, 8), 2 * torch.randn(4, 3, 8, 8) + 1
    network(torch.randn(4, 3, 8, 8) + 7)  # forgotten
    with measuring_statistics(network):
        network(first)
        network(second)
    norm = network[1]
    shown = [network[0](pictures) for pictures in (first, second)]
    means = torch.stack([each.mean((0, 2, 3)) for each in shown]).mean(0)
    variances = torch.stack([each.var((0, 2, 3)) for each in shown]).mean(0)
    torch.testing.assert_close(norm.running_mean, means)
    torch.testing.assert_close(norm.running_var, variances)
    assert norm.momentum == 0.1

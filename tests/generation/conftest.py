"""A narrow generator that nobody trained, whose normalisation has statistics that do something."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from lipcourse.networks.glance import BlockKernel, Generator
from lipcourse.networks.weights import save_network


def _drawn(block_kernel: BlockKernel = "1x3x3") -> Generator:
    """Return a generator of width 1/16 with drawn weights and statistics, in `eval` mode."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Generator(1 / 16, block_kernel)
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm3d):
                layer.running_mean.normal_(std=0.3)  # type: ignore[union-attr]
                layer.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
    return network.eval()


@pytest.fixture(scope="session")
def make_generator() -> Callable[..., Generator]:
    return _drawn


@pytest.fixture(scope="session")
def generator() -> Generator:
    return _drawn()


@pytest.fixture(scope="session")
def weights_file(generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "drawn.safetensors"
    return save_network(path, generator, system="glance", options={"width": 1 / 16})


@pytest.fixture(scope="session")
def lips() -> NDArray[np.uint8]:
    """A lip image (64, 64, 3) of nothing but noise."""
    return np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)

import json
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from lipcourse.errors import ModelError
from lipcourse.training import checkpoints
from lipcourse.training.checkpoints import (
    load_checkpoint,
    load_weights,
    pack_optimizer,
    save_checkpoint,
    take,
    unpack_optimizer,
)

TENSORS = {"weights.a": torch.randn(3, 4), "weights.b": torch.tensor(2.0), "random": torch.get_rng_state()}
STATE = {"step": 7, "best": None, "loader": {"epoch": 1}}


@pytest.fixture
def checkpoint(tmp_path):
    save_checkpoint(tmp_path / "c.safetensors", "glance", TENSORS, STATE)
    return tmp_path / "c.safetensors"


names = st.text("abcdefgh.", min_size=1, max_size=8)
jsonable = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(), st.lists, max_leaves=4)


@given(st.dictionaries(names, st.lists(st.integers(0, 3), max_size=3)), st.dictionaries(st.text(), jsonable))
def test_what_is_saved_is_loaded(shapes, state):
    tensors = {name: torch.randn(shape) for name, shape in shapes.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.safetensors"
        save_checkpoint(path, "glance", tensors, state)
        loaded = load_checkpoint(path, "glance")
        assert [each.name for each in Path(folder).iterdir()] == ["c.safetensors"]
    assert loaded.state == state
    assert loaded.tensors.keys() == tensors.keys()
    assert all(torch.equal(loaded.tensors[name], tensor) for name, tensor in tensors.items())


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_checkpoint_cut_off_is_told(checkpoint, share):
    data = checkpoint.read_bytes()
    checkpoint.write_bytes(data[: int(share * len(data))])
    with pytest.raises(
        ModelError, match=r"c\.safetensors: the checkpoint is cut off or damaged .*--no-resume"
    ):
        load_checkpoint(checkpoint, "glance")


def test_a_checkpoint_of_another_system_is_told(checkpoint):
    with pytest.raises(ModelError, match="is a checkpoint of glance, version 1, not of atvg"):
        load_checkpoint(checkpoint, "atvg")


@pytest.mark.parametrize("metadata", [None, {"lipcourse checkpoint": json.dumps({"system": "glance"})}])
def test_another_safetensors_file_is_told(tmp_path, metadata):
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors", metadata)
    with pytest.raises(ModelError, match=r"no checkpoint|damaged"):
        load_checkpoint(tmp_path / "other.safetensors", "glance")


def test_where_writing_fails_the_checkpoint_before_it_stays(checkpoint, monkeypatch):
    def half(tensors, path, metadata):
        Path(path).write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(checkpoints, "save_file", half)
    with pytest.raises(ModelError, match="no space left"):
        save_checkpoint(checkpoint, "glance", TENSORS, {"step": 8})
    assert load_checkpoint(checkpoint, "glance").state == STATE
    assert [each.name for each in checkpoint.parent.iterdir()] == [checkpoint.name]


def test_weights_of_another_width_are_told():
    narrow, wide = torch.nn.Linear(2, 2), torch.nn.Linear(3, 2)
    with pytest.raises(
        ModelError, match=r"run: 1 weights .*: weight has shape \[2, 3\], not \[2, 2\]; give the options"
    ):
        load_weights(narrow, wide.state_dict(), Path("run"))


def test_an_optimiser_goes_on_as_if_it_had_never_stopped():
    def begin():
        torch.manual_seed(0)
        network = torch.nn.Linear(4, 4)
        return network, torch.optim.Adam(network.parameters(), lr=0.1, betas=(0.5, 0.999), weight_decay=0.1)

    def learn(network, optimizer, steps):
        for step in steps:
            optimizer.zero_grad()
            network(torch.full((2, 4), float(step))).square().sum().backward()
            optimizer.step()

    whole, optimizer = begin()
    learn(whole, optimizer, range(6))
    first, optimizer = begin()
    learn(first, optimizer, range(3))
    kept = pack_optimizer(optimizer, "optimizer.it")
    second, optimizer = begin()
    second.load_state_dict(first.state_dict())
    unpack_optimizer(optimizer, "optimizer.it", {**kept, "optimizer.item.0.step": torch.zeros(())})
    learn(second, optimizer, range(3, 6))
    assert torch.equal(second.weight, whole.weight)


def test_take_goes_by_whole_names():
    tensors = {"a.b": torch.zeros(1), "ab.c": torch.zeros(2), "a.c.d": torch.zeros(3)}
    assert {name: len(tensor) for name, tensor in take(tensors, "a").items()} == {"b": 1, "c.d": 3}

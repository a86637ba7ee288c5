"""Networks as files: what is saved comes back, the same bytes each time, and nothing else is let in."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from lipcourse.errors import ModelError
from lipcourse.networks import weights
from lipcourse.networks.autoencoder import PerceptualAutoencoder
from lipcourse.networks.cards import NEEDED, card, name_device, write_card
from lipcourse.networks.classifier import VisemeClassifier
from lipcourse.networks.flownet import FlowNet
from lipcourse.networks.glance import Generator
from lipcourse.networks.speech2vid import Speech2Vid
from lipcourse.networks.sync_expert import SyncExpert
from lipcourse.networks.video_gan import VideoGan
from lipcourse.networks.weights import (
    LARGEST_SHIPPED,
    SYSTEMS,
    available,
    describe,
    find,
    load_network,
    save_network,
)

OPTIONS: dict[str, dict[str, Any]] = {
    "glance": {"width": 1 / 32, "block_kernel": "3x3x3"},
    "speech2vid": {"width": 1 / 32},
    "video_gan": {"width": 1 / 32},
    "autoencoder": {"width": 1 / 32},
    "flownet": {"width": 1 / 32},
    "sync": {"width": 1 / 16},
    "classifier": {"width": 1 / 16},
}
KINDS = {
    "glance": Generator,
    "speech2vid": Speech2Vid,
    "video_gan": VideoGan,
    "autoencoder": PerceptualAutoencoder,
    "flownet": FlowNet,
    "sync": SyncExpert,
    "classifier": VisemeClassifier,
}
FACTS: dict[str, Any] = {
    "purpose": "Sees nothing yet.",
    "data": [
        {"name": "drawn", "licence": "CC0 1.0", "attribution": "none", "clips": 2, "talkers": 1},
        {"name": "filmed", "licence": "CC BY 4.0", "attribution": "A | B", "clips": 3, "talkers": 2},
    ],
    "command": "lipcourse train nothing",
    "steps": 12_345,
    "seed": 3,
    "seconds": 120,
    "device": "CPU",
    "figures": [{"title": "Errors", "columns": ["method", "px"], "rows": [["zero", 1.5]], "note": "In px."}],
    "picture": "A grey square",
    "limits": "None are known.",
}


def trained(system: str) -> nn.Module:
    """A network whose numbers, statistics included, are not those it began with."""
    torch.manual_seed(1)
    network = KINDS[system](**OPTIONS[system])
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.1, 1.0)
    return network


def saved(folder: Path, system: str = "flownet", **options: Any) -> Path:
    path = folder / f"{system}.safetensors"
    return save_network(path, trained(system), system=system, options=OPTIONS[system], **options)


def altered(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The same weights under another text."""
    with safe_open(path, framework="pt") as file:
        told = json.loads(file.metadata()["lipcourse"])
    change(told)
    tensors = load_file(path)
    path = path.with_name("altered.safetensors")
    save_file(tensors, path, {"lipcourse": json.dumps(told)})
    return path


def refused(text: str, action: Callable[[], object]) -> None:
    with pytest.raises(ModelError, match=text) as caught:
        action()
    assert "\n" not in str(caught.value)


class TestRoundTrip:
    def test_every_system_is_tested_here(self) -> None:
        assert set(SYSTEMS) == set(OPTIONS) == set(KINDS)

    @pytest.mark.parametrize("system", SYSTEMS)
    def test_what_is_saved_comes_back_ready_for_use(self, tmp_path: Path, system: str) -> None:
        network, found = trained(system), load_network(saved(tmp_path, system), KINDS[system])
        assert type(found) is KINDS[system]
        assert not any(module.training for module in found.modules())
        wanted = network.state_dict()
        assert found.state_dict().keys() == wanted.keys()
        for name, tensor in found.state_dict().items():
            assert tensor.device.type == "cpu"
            assert tensor.dtype is wanted[name].dtype
            assert torch.equal(tensor, wanted[name])

    def test_it_can_be_trained_on(self, tmp_path: Path) -> None:
        network = load_network(saved(tmp_path), FlowNet).train()
        pictures = torch.rand(1, 3, 64, 64)
        network(pictures, pictures)[-1].sum().backward()
        assert all(parameter.grad is not None for parameter in network.parameters())
        torch.optim.SGD(network.parameters(), lr=0.1).step()

    def test_half_precision_is_half_the_size_and_comes_back_single(self, tmp_path: Path) -> None:
        whole, half = saved(tmp_path / "whole", "glance"), saved(tmp_path / "half", "glance", half=True)
        assert (describe(whole).stored, describe(half).stored) == ("float32", "float16")
        assert half.stat().st_size < 0.6 * whole.stat().st_size
        wanted, found = trained("glance"), load_network(half)
        for name, tensor in found.state_dict().items():
            assert tensor.dtype is wanted.state_dict()[name].dtype
            statistic = name not in dict(wanted.named_parameters())
            torch.testing.assert_close(
                tensor, wanted.state_dict()[name], rtol=0 if statistic else 2**-11, atol=0
            )

    def test_the_same_network_gives_the_same_bytes(self, tmp_path: Path) -> None:
        first, second = saved(tmp_path / "first", facts=FACTS), saved(tmp_path / "second", facts=FACTS)
        assert first.read_bytes() == second.read_bytes()
        reordered = dict(reversed(FACTS.items()))
        assert saved(tmp_path / "third", facts=reordered).read_bytes() == first.read_bytes()
        with safe_open(first, framework="pt") as file:
            assert list(file.metadata()) == ["lipcourse"]

    def test_and_so_does_another_process(self, tmp_path: Path) -> None:
        code = (
            "import sys, torch; from lipcourse.networks.weights import *; torch.manual_seed(0);"
            "from lipcourse.networks.flownet import FlowNet;"
            "save_network(sys.argv[1], FlowNet(1 / 32), system='flownet', options={'width': 1 / 32},"
            "facts={'b': 1, 'a': [2], 'c': 'd'})"
        )
        paths = [tmp_path / f"{name}.safetensors" for name in ("one", "two")]
        for path in paths:
            subprocess.run([sys.executable, "-c", code, str(path)], check=True)
        assert paths[0].read_bytes() == paths[1].read_bytes()

    def test_loading_draws_nothing_at_random(self, tmp_path: Path) -> None:
        path = saved(tmp_path)
        state = torch.get_rng_state()
        load_network(path)
        assert torch.equal(torch.get_rng_state(), state)

    def test_loading_does_not_wake_the_compiler(self, tmp_path: Path) -> None:
        """Asked to draw weights that have no memory, torch loads it first: three seconds."""
        code = (
            "import sys; from lipcourse.networks.weights import load_network; load_network(sys.argv[1]);"
            "sys.exit('torch._dynamo' in sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code, str(saved(tmp_path))], check=True)

    def test_nothing_is_left_beside_it_and_an_older_file_is_replaced(self, tmp_path: Path) -> None:
        saved(tmp_path, facts={"run": 1})
        path = saved(tmp_path, facts={"run": 2})
        assert describe(path).facts == {"run": 2}
        assert [each.name for each in tmp_path.iterdir()] == [path.name]

    def test_what_is_told(self, tmp_path: Path) -> None:
        told = describe(saved(tmp_path, facts=FACTS))
        assert (told.name, told.system, told.options) == ("flownet", "flownet", OPTIONS["flownet"])
        assert told.facts == FACTS
        assert told.parameters == sum(number.numel() for number in trained("flownet").parameters())


class TestRefused:
    def test_another_system(self, tmp_path: Path) -> None:
        path = saved(tmp_path, "autoencoder")
        refused("of the system autoencoder, no Generator", lambda: load_network(path, Generator))

    def test_another_width(self, tmp_path: Path) -> None:
        path = saved(tmp_path)
        assert load_network(path, FlowNet, width=1 / 32)
        refused("has width 0.03125, not 0.25", lambda: load_network(path, FlowNet, width=0.25))

    def test_an_option_left_to_its_default_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "glance.safetensors"
        save_network(path, Generator(1 / 32), system="glance", options={"width": 1 / 32})
        assert load_network(path, Generator, block_kernel="1x3x3")
        refused("block_kernel 1x3x3, not 3x3x3", lambda: load_network(path, Generator, block_kernel="3x3x3"))

    def test_weights_of_another_width_than_the_file_says(self, tmp_path: Path) -> None:
        path = altered(saved(tmp_path), lambda told: told["options"].update(width=1 / 16))
        refused("not those of its FlowNet: .*has shape.*train it again", lambda: load_network(path))

    def test_weights_that_lack_a_layer(self, tmp_path: Path) -> None:
        path = saved(tmp_path)
        with safe_open(path, framework="pt") as file:
            told = file.metadata()
        tensors = load_file(path)
        del tensors["contracting.3.bias"]
        save_file(tensors, path, told)
        refused("contracting.3.bias has shape none", lambda: load_network(path))

    @pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
    def test_cut_off(self, tmp_path: Path, share: float) -> None:
        path = saved(tmp_path)
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])
        refused("is cut off|is no safetensors", lambda: load_network(path))
        if share >= 0.5:
            refused("is cut off .*copy or download it again", lambda: describe(path))

    def test_a_pickle_is_not_opened(self, tmp_path: Path) -> None:
        class Trap:
            def __reduce__(self) -> tuple[Any, ...]:
                return Path.touch, (tmp_path / "sprung",)

        path = tmp_path / "trap.safetensors"
        path.write_bytes(pickle.dumps(Trap()))
        refused("is no safetensors", lambda: load_network(path))
        torch.save({"trap": Trap()}, path)
        refused("is no safetensors", lambda: load_network(path))
        assert not (tmp_path / "sprung").exists()

    def test_safetensors_of_others(self, tmp_path: Path) -> None:
        path = tmp_path / "other.safetensors"
        save_file({"weight": torch.zeros(3)}, path)
        refused("does not say which network", lambda: load_network(path))
        save_file({"weight": torch.zeros(3)}, path, {"lipcourse": "[}"})
        refused("is damaged", lambda: load_network(path))

    def test_another_version_an_unknown_system_and_options_that_build_nothing(self, tmp_path: Path) -> None:
        path = saved(tmp_path)
        later = altered(path, lambda told: told.update(version=2))
        refused("version 2; this code reads version 1", lambda: load_network(later))
        unknown = altered(path, lambda told: told.update(system="os:system"))
        refused("system 'os:system', which is none of glance", lambda: load_network(unknown))
        for options in ({"depth": 3}, {"width": -1}, {"width": "wide"}):
            built = altered(path, partial(dict.update, options=options))
            refused("no flownet can be built", partial(load_network, built))

    def test_a_width_that_would_fill_the_memory(self, tmp_path: Path) -> None:
        path = altered(saved(tmp_path), lambda told: told["options"].update(width=1000))
        refused("not those of its FlowNet", lambda: load_network(path))

    def test_no_such_file(self, tmp_path: Path) -> None:
        refused("there is no such file", lambda: load_network(tmp_path / "none.safetensors"))
        refused("there is no such file", lambda: load_network(tmp_path))
        refused("no network 'nobody' is shipped; choose of .*or give a", lambda: load_network("nobody"))

    def test_what_cannot_be_saved(self, tmp_path: Path) -> None:
        network = trained("flownet")
        path, options = tmp_path / "flownet.safetensors", OPTIONS["flownet"]

        def save(where: Path = path, **changes: Any) -> None:
            save_network(where, network, **({"system": "flownet", "options": options} | changes))

        refused("end in .safetensors", lambda: save(tmp_path / "flownet.pt"))
        refused("no system 'flow'", lambda: save(system="flow"))
        refused("not those of its FlowNet", lambda: save(options={"width": 1 / 16}))
        refused("not those of its PerceptualAutoencoder", lambda: save(system="autoencoder"))
        refused("do not go into JSON", lambda: save(facts={"loss": float("nan")}))
        refused("do not go into JSON", lambda: save(facts={"loss": torch.zeros(1)}))
        (tmp_path / "file").touch()
        refused("cannot be written", lambda: save(tmp_path / "file" / "flownet.safetensors"))
        with torch.no_grad():
            network.guesses[0].bias[0] = 1e6
        refused("guesses.0.bias is not finite in half precision", lambda: save(half=True))
        with torch.no_grad():
            network.guesses[0].bias[0] = torch.nan
        refused("guesses.0.bias is not finite, so", save)
        assert [each.name for each in tmp_path.iterdir()] == ["file"]


class TestShipped:
    """What lies in the folder weights/ of the course."""

    def test_names_are_found_in_the_folder_of_the_repository(self) -> None:
        folder = Path(__file__).parents[2] / "weights"
        assert sorted(find(name) for name in available()) == sorted(folder.glob("*.safetensors"))

    def test_an_installed_package_looks_into_itself(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        package = tmp_path / "site-packages" / "lipcourse"
        monkeypatch.setattr(weights, "__file__", str(package / "networks" / "weights.py"))
        (tmp_path / "site-packages" / "weights").mkdir(parents=True)
        path = saved(package / "weights")
        assert available() == ["flownet"]
        assert find("flownet") == path
        assert isinstance(load_network("flownet"), FlowNet)

    @pytest.mark.parametrize("name", available())
    def test_each_loads_is_small_and_has_a_card_that_says_what_the_file_says(self, name: str) -> None:
        path = find(name)
        assert path.stat().st_size <= LARGEST_SHIPPED
        load_network(name)
        told = describe(name)
        assert path.with_suffix(".md").read_text() == card(told)
        assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
        assert all(told.facts[fact] for fact in NEEDED if fact != "seed")

    def test_a_network_made_from_grid_names_its_makers(self) -> None:
        for name in available():
            for each in describe(name).facts["data"]:
                if "GRID" in each["name"]:
                    assert "CC BY 4.0" in each["licence"]
                    assert "Cooke" in each["attribution"]


class TestCards:
    def test_a_card_says_all_facts(self, tmp_path: Path) -> None:
        path = saved(tmp_path, facts=FACTS, half=True)
        written = write_card(path, b"\x89PNG")
        assert written.with_suffix(".png").read_bytes() == b"\x89PNG"
        text = written.read_text()
        assert text == card(describe(path))
        for line in (
            "# flownet",
            "| method | px |",
            "| zero | 1.5 |",
            "| filmed | CC BY 4.0 | 3 | 2 | A &#124; B |",
            "![A grey square](flownet.png)",
            "| training | 12,345 steps, seed 3 |",
            "| wall time | 2 minutes on CPU |",
            "| command | `lipcourse train nothing` |",
        ):
            assert line in text.splitlines()
        assert "in float16" in text
        assert sorted(each.suffix for each in tmp_path.iterdir()) == [".md", ".png", ".safetensors"]

    @pytest.mark.parametrize(("threads", "told"), [(1, "cpu, 1 thread"), (2, "cpu, 2 threads")])
    def test_what_computes_is_said_in_good_english(
        self, monkeypatch: pytest.MonkeyPatch, threads: int, told: str
    ) -> None:
        monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
        assert name_device(torch.device("cpu")) == told
        assert name_device(torch.device("cuda", 0)) == "cuda"

    @pytest.mark.parametrize("fact", NEEDED)
    def test_a_missing_fact_is_named(self, tmp_path: Path, fact: str) -> None:
        facts = {name: value for name, value in FACTS.items() if name != fact}
        refused(f"lack {fact}", lambda: write_card(saved(tmp_path, facts=facts), b""))

    def test_facts_of_another_form(self, tmp_path: Path) -> None:
        path = saved(tmp_path, facts={**FACTS, "data": [{"name": "GRID"}]})
        refused("another form .*licence", lambda: write_card(path, b""))

import pytest
from samples import MadeCorpus

from lipcourse.cli import main
from lipcourse.corpora import registry
from lipcourse.training.command import prepared, with_profile
from lipcourse.training.presets import PRESETS


def options(words):
    return with_profile(words.split()).keywords["options"]


@pytest.mark.parametrize("words", ["--profile full --out run", "--out run --profile=full"])
def test_the_profile_chooses_the_other_options(words):
    assert options(words) == PRESETS["full"]


def test_without_one_the_profile_is_the_environments(monkeypatch):
    monkeypatch.setenv("LIPCOURSE_PROFILE", "fast")
    assert options("--out run") == PRESETS["fast"]


def test_help_shows_what_the_profile_sets(capsys):
    assert main(["train", "glance", "--profile", "fast", "--help"]) == 0
    fast = " ".join(capsys.readouterr().out.split())
    assert "--width FLOAT Scales the channels of all networks" in fast
    assert "(default: 0.0625)" in fast


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--out", "run"], "give either --data or --corpus"),
        (["--out", "run", "--data", "a", "--corpus", "puppet"], "give either --data or --corpus"),
        (["--out", "run", "--data", "a", "--profile", "slow"], "no profile 'slow'"),
        (["--out", "run", "--data", "a", "--profile", "fast", "--batch", "0"], "batch cannot be 0"),
    ],
)
def test_wrong_options_are_told_in_a_line(words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "glance", *words]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_data_that_is_not_there_is_told(capsys, tmp_path):
    words = ["--data", str(tmp_path / "no"), "--out", str(tmp_path / "run"), "--profile", "fast"]
    assert main(["train", "glance", *words]) == 1
    assert "there is no such folder" in " ".join(capsys.readouterr().err.split())


def test_the_command_trains_and_says_so(capsys, tmp_path, shards):
    sizes = "--profile fast --width 0.03125 --frames 4 --stride 3 --batch 2 --steps 1 --validate-every 0"
    weights = "--weights.perceptual 0 --weights.correlation 0 --weights.adversarial 0"
    words = [*sizes.split(), *weights.split(), "--data", str(shards), "--out", str(tmp_path / "run")]
    assert main(["train", "glance", *words]) == 0
    assert capsys.readouterr().out.startswith("glance 1/1  pixel 0.")
    assert (tmp_path / "run" / "best.safetensors").is_file()


def test_a_corpus_is_prepared_into_the_cache_once(tmp_path, monkeypatch):
    log = tmp_path / "log"
    corpus = MadeCorpus("abc", log=log)
    monkeypatch.setattr(registry, "open_corpus", lambda name, root, puppets: corpus)
    folder = prepared("made", None, 2)
    assert (folder / "index.json").is_file()
    assert prepared("made", None, 2) == folder
    assert len(log.read_text().splitlines()) == 2
    assert prepared("made", None, None) != folder
    assert prepared("made", tmp_path, 2) != folder

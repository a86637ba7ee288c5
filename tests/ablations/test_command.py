"""`lipcourse ablate`: its files, and what it says where it cannot."""

import json
import re

import pytest

from lipcourse.ablations.report import facts, html, markdown, read_results
from lipcourse.cli import main
from lipcourse.errors import CorpusError

TINY = [
    *("--profile", "fast", "--width", "0.0625", "--frames", "4", "--stride", "4", "--batch", "2"),
    *("--steps", "2", "--autoencoder-steps", "1", "--device", "cpu", "--clips", "2", "--no-landmarks"),
]


@pytest.fixture(scope="module")
def out(short_corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("command")
    assert main(["ablate", "--methods", "e,a", "--data", str(short_corpus), "--out", str(folder), *TINY]) == 0
    return folder


def test_all_that_was_found_is_in_one_file(out):
    told = read_results(out / "results.json")
    assert list(told["methods"]) == ["a", "e"]
    full = told["methods"]["e"]
    assert full["steps"] == 2
    assert full["seed"] == 0
    assert full["paper"] == {"lmd": 1.18, "ssim": 0.73, "psnr": 29.98, "cpbd": 0.18}
    assert full["metrics"]["psnr"]["n"] == 2
    assert told["options"]["width"] == 0.0625
    assert told["initial"] is None
    assert "first frame repeated" in told["baselines"]
    assert {each["metric"] for each in told["orderings"]} == {"ssim", "psnr", "cpbd"}
    for counts in told["verdicts"].values():
        assert sum(counts.values()) == 1


def test_no_file_names_a_place_on_this_machine(out, short_corpus):
    for name in ("results.json", "results.md", "report.html"):
        text = (out / name).read_text()
        assert str(short_corpus) not in text
        assert str(out) not in text


def test_words_and_page_are_made_of_the_results_alone(out):
    told = json.loads((out / "results.json").read_text())
    text = (out / "results.md").read_text()
    assert text == markdown(told)
    assert html(told) in (out / "report.html").read_text()
    assert "1.18" in text
    assert "e: full" in text
    for line in facts(told).values():
        assert line in text
    assert not re.search(r'(src|href)="http', (out / "report.html").read_text())


def test_more_methods_come_beside_those_that_are_there(out, short_corpus, capsys):
    words = ["ablate", "--methods", "a,e,h", "--data", str(short_corpus), "--out", str(out), *TINY]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "a: done before" in said
    assert "e: done before" in said
    assert "h: trained" in said
    assert list(read_results(out / "results.json")["methods"]) == ["a", "e", "h"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--methods", "a,nine"], "there is no method 'nine': choose of a, b, c"),
        (["--methods", "a"], "clips to learn from are not named"),
        (["--profile", "huge"], "no profile 'huge'"),
        (["--methods", "a", "--data", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(words, said, tmp_path, capsys):
    assert main(["ablate", "--out", str(tmp_path / "out"), *words]) in (1, 2)
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert said.replace(": choose", "") in error or all(part in error for part in said.split(": "))
    assert not (tmp_path / "out").exists()


def test_a_folder_begun_otherwise_or_no_folder_is_refused(out, short_corpus, tmp_path, capsys):
    before = (out / "results.json").read_text()
    words = ["ablate", "--methods", "a", "--data", str(short_corpus), *TINY]
    assert main([*words, "--out", str(out), "--learning-rate", "0.5"]) in (1, 2)
    assert "was begun with learning_rate" in capsys.readouterr().err
    assert (out / "results.json").read_text() == before
    file = tmp_path / "file"
    file.write_text("mine")
    assert main([*words, "--out", str(file)]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_results_of_another_kind_are_refused(tmp_path):
    path = tmp_path / "results.json"
    for text, said in (("{", "no results"), ('{"version": 7}', "version 7"), ("[]", "no results")):
        path.write_text(text)
        with pytest.raises(CorpusError, match=said):
            read_results(path)
    with pytest.raises(CorpusError, match="no results"):
        read_results(tmp_path / "nothing.json")

"""Judging sync: what is shifted is what is measured, and the shipped expert hears every frame of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from talking import talking, talking_corpus, write_corpus

from lipcourse.corpora.base import Corpus, Split
from lipcourse.corpora.grid import GridCorpus
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.evaluation.sync import HeldOut, find_held_out, judge, judge_leads, judge_on, judge_shifts
from lipcourse.metrics.lip_sync import LipSync
from lipcourse.networks.sync_expert import SyncExpert
from lipcourse.networks.weights import find, load_network
from lipcourse.windows.prepare import prepare_clip
from lipcourse.windows.prepared import PreparedClip

SHIPPED_CLIPS = 4


@pytest.fixture(scope="module")
def random_expert() -> SyncExpert:
    torch.manual_seed(0)
    return SyncExpert(1 / 8).eval()


def test_all_shifts_at_once_are_each_by_itself(random_expert: SyncExpert) -> None:
    clip = talking("talking/a/1", "test", seed=1)
    found = judge_shifts(random_expert, clip, (0, 3, 7))
    for each, shift in zip(found, (0, 3, 7), strict=True):
        assert each.curve == pytest.approx(judge(random_expert, clip, later=shift).curve, abs=1e-5)
    assert found[0].curve != pytest.approx(found[1].curve, abs=1e-3)


def test_another_clips_sound_is_another(random_expert: SyncExpert) -> None:
    clip, other = (talking(f"talking/a/{seed}", "test", seed) for seed in (1, 2))
    found = judge(random_expert, clip, other)
    direct = random_expert.judge(clip.mouths, other.waveform, other.sample_rate)
    assert found == direct != judge(random_expert, clip)


def test_what_is_new_is_said(tmp_path: Path) -> None:
    test, validation = find_held_out(talking_corpus(tmp_path / "talkers"))
    assert test.title == "talking, talkers never trained on (test): 2 clips of 1 talker"
    assert {clip.talker for clip in test.clips} == {"d"}
    assert {clip.talker for clip in validation.clips} == {"c"}
    splits = ("train", "test", "test", "validation")
    clips = [talking(f"talking/a/{n}", split, n) for n, split in enumerate(splits)]
    (only,) = find_held_out(write_corpus(tmp_path / "sentences", clips))  # one clip has no other's sound
    assert only.title == "talking, sentences never trained on (test): 2 clips of 1 talker"


def test_rows_are_means_over_clips(random_expert: SyncExpert) -> None:
    held = HeldOut("both", [talking(f"talking/a/{seed}", "test", seed) for seed in (1, 2)])
    table = judge_on(random_expert, held)
    rows = {name: cells for name, *cells in table["rows"]}
    assert all(len(row) == len(table["columns"]) for row in table["rows"])
    own = [judge(random_expert, clip) for clip in held.clips]
    assert rows["as it is"][0] == f"{np.mean([each.distance for each in own]):.3f}"
    assert rows["as it is"][3] == f"{np.mean([each.best_confidence for each in own]):.3f}"
    later = [judge(random_expert, clip, later=2) for clip in held.clips]
    lower = np.mean([a.confidence < b.confidence for a, b in zip(later, own, strict=True)])
    assert rows["sound 2 frames later"][-1] == f"{lower:.0%}"


def test_every_clip_is_counted_at_one_shift(random_expert: SyncExpert) -> None:
    held = HeldOut("both", [talking(f"talking/a/{seed}", "test", seed) for seed in (1, 2)])
    table = judge_leads({"mine": random_expert}, [held, held])
    assert [row[:2] for row in table["rows"]][::2] == [["both", "mine"]] * 2
    assert all(sum(row[3:]) == 2 for row in table["rows"])


@pytest.fixture(scope="module")
def expert() -> SyncExpert:
    return load_network("sync-expert", SyncExpert)


class TestShipped:
    """Nobody here was trained on: talkers of puppets drawn anew, talkers of GRID, sentences of GRID."""

    def measured(self, expert: SyncExpert, corpus: Corpus, split: Split) -> list[list[LipSync]]:
        keys = corpus.keys(split=split)
        keys = keys[:: max(1, len(keys) // SHIPPED_CLIPS)][:SHIPPED_CLIPS]
        clips: list[PreparedClip] = [prepare_clip(corpus.clip(key), split) for key in keys]
        return [judge_shifts(expert, clip) for clip in clips]

    def confirm(self, found: list[list[LipSync]]) -> None:
        distance, confidence = (
            np.mean([[getattr(each, name) for each in clip] for clip in found], axis=0)
            for name in ("distance", "confidence")
        )
        assert (distance[1:] > distance[0]).all()
        assert (confidence[1:] < confidence[0]).all()
        assert confidence[0] > 0.1
        assert confidence[3:].max() < 0.5 * confidence[0]
        assert np.median([abs(clip[0].offset) for clip in found]) <= 1

    def test_puppets(self, expert: SyncExpert, own_cache: None) -> None:
        self.confirm(self.measured(expert, PuppetCorpus(200, 100, seed=99, lead_frames=0), "test"))

    @pytest.mark.grid
    @pytest.mark.parametrize("split", ["test", "validation"])
    def test_grid(self, expert: SyncExpert, grid_root: Path, split: Split) -> None:
        self.confirm(self.measured(expert, GridCorpus(grid_root), split))

    def test_it_is_small(self) -> None:
        assert find("sync-expert").stat().st_size <= 4_000_000

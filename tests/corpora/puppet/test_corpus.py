from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from lipcourse.cache import CACHE_VARIABLE
from lipcourse.corpora.base import SPLITS
from lipcourse.corpora.grid import sentence
from lipcourse.corpora.puppet.cache import load_clip, save_clip
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.corpora.puppet.identity import Identity
from lipcourse.corpora.puppet.phones import ARPABET, BILABIALS
from lipcourse.corpora.puppet.pose import Pose
from lipcourse.corpora.puppet.sentences import draw_sentences, spell_out
from lipcourse.corpora.puppet.talker import FIRST_SOUND, LAST_SILENCE, draw_talker, film
from lipcourse.corpora.puppet.voice import VOICES, speak
from lipcourse.errors import CorpusError, OptionError
from lipcourse.media import Clip

SIZE = 64


def assert_same(first: Clip, second: Clip) -> None:
    for field in fields(Clip):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if isinstance(one, np.ndarray):
            assert one.dtype == other.dtype, field.name
            np.testing.assert_array_equal(one, other, err_msg=field.name)
        else:
            assert one == other, field.name


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.norm(a - b, axis=-1)


@pytest.fixture(scope="module")
def corpus() -> PuppetCorpus:
    return PuppetCorpus(24, 12, size=SIZE)


@pytest.fixture(scope="module")
def clip(corpus: PuppetCorpus) -> Clip:
    return corpus.clip(corpus.keys()[0])


def test_a_clip_is_what_clips_are(corpus: PuppetCorpus, clip: Clip) -> None:
    assert clip.key == corpus.keys()[0]
    assert clip.frames.shape == (75, SIZE, SIZE, 3)
    assert clip.frames.dtype == np.uint8
    assert clip.waveform.shape == (132_300,)
    assert clip.waveform.dtype == np.float32
    assert (clip.sample_rate, clip.fps, clip.seconds) == (44_100, 25.0, 3.0)
    assert clip.landmarks is not None
    assert clip.landmarks.shape == (75, 68, 2)
    assert clip.landmarks.dtype == np.float32
    assert clip.transcript == sentence(clip.key.split("/")[2])
    assert [word.label for word in clip.words] == clip.transcript.split()
    assert {phone.label for phone in clip.phones} <= ARPABET
    assert 0 < clip.phones[0].start < clip.phones[-1].end < clip.seconds
    assert clip.talker == "s1"
    assert clip.origin == corpus.origin


def test_clips_go_round_the_talkers(corpus: PuppetCorpus) -> None:
    assert len(corpus) == len(set(corpus.keys())) == 24
    assert [key.split("/")[1] for key in corpus.keys()[:12]] == list(corpus.talkers())
    assert all(len(corpus.keys(talker)) == 2 for talker in corpus.talkers())


def test_splits_share_no_talker_no_sentence_and_no_voice(corpus: PuppetCorpus) -> None:
    large = PuppetCorpus(2000, 40)
    for some in (corpus, large):
        parts = [some.keys(split=split) for split in SPLITS]
        assert sum(map(len, parts)) == len(some)
        assert min(map(len, parts)) > 0
        for what in (1, 2):
            sets = [{key.split("/")[what] for key in part} for part in parts]
            assert len(set.union(*sets)) == sum(map(len, sets))
    voices = {split: set() for split in SPLITS}
    for name in large.talkers():
        talker = large.talker(name)
        voices[talker.split].add(talker.voice.name)
    assert not voices["train"] & voices["test"]
    assert not voices["train"] & voices["validation"]
    assert len(large.keys(split="train")) == pytest.approx(0.8 * len(large), rel=0.01)
    assert len({key.split("/")[2] for key in large.keys()}) == len(large)  # noqa: SIM118 - iterating reads clips


def test_a_smaller_corpus_is_the_beginning_of_a_larger_one() -> None:
    small, large = PuppetCorpus(30, 10), PuppetCorpus(200, 10)
    assert large.keys()[:30] == small.keys()
    assert PuppetCorpus(30, 20).keys("s3")[:1] == small.keys("s3")[:1]
    assert PuppetCorpus(30, 20).talker("s3") == small.talker("s3")


def test_a_clip_can_be_sent_alone_to_another_process(corpus: PuppetCorpus, clip: Clip) -> None:
    alone = corpus.only(clip.key)
    assert alone.keys() == (clip.key,)
    assert_same(alone.clip(clip.key), clip)
    assert alone.version == corpus.version != ""
    assert len(pickle.dumps(PuppetCorpus(3000).only(clip.key))) < 5000


def test_another_seed_is_another_corpus() -> None:
    one, other = PuppetCorpus(20, 10), PuppetCorpus(20, 10, seed=1)
    assert not set(one.keys()) & set(other.keys())
    assert one.talker("s1").identity != other.talker("s1").identity


def test_faces_have_voices_that_go_with_them() -> None:
    corpus = PuppetCorpus(40, 40)
    for name in corpus.talkers():
        talker = corpus.talker(name)
        assert (talker.voice.gender == "female") == (talker.identity.feminine > 0.5)
        assert talker.identity.beard == "none" or talker.voice.gender == "male"


def test_clips_vary_in_lead_and_yaw_as_their_metadata_says(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = []

    def note(identity: Identity, pose: Pose, size: int) -> tuple[np.ndarray, np.ndarray]:
        turns.append(float(pose.yaw.mean()))
        return np.zeros((len(pose), size, size, 3), np.uint8), np.zeros((len(pose), 68, 2), np.float32)

    monkeypatch.setattr("lipcourse.corpora.puppet.talker.render", note)
    leads, yaws = [], []
    talker = draw_talker(1, 0)
    for seed in range(60):
        clip = film(talker, "a", np.random.default_rng(seed), size=SIZE)
        leads.append(clip.metadata["lead_frames"])
        yaws.append(abs(clip.metadata["yaw_degrees"]))
        assert turns[-1] == pytest.approx(clip.metadata["yaw_degrees"], abs=2.5)
    assert set(leads) == set(range(8))
    assert max(yaws) <= 25.0
    assert 0.1 < np.mean(np.array(yaws) > 8) < 0.6


@pytest.mark.parametrize("lead", [0, 3, 7])
def test_lips_close_in_the_pictures_this_many_frames_before_they_are_heard_to(lead: int) -> None:
    talker = draw_talker(4, 0)
    clip = film(talker, "papa map", np.random.default_rng(3), size=160, seconds=3.0, lead_frames=lead)
    assert clip.metadata["lead_frames"] == lead
    assert clip.landmarks is not None
    gap = distance(clip.landmarks[:, 62], clip.landmarks[:, 66])
    for phone in clip.phones:
        middle = (phone.start + phone.end) / 2 * clip.fps - 0.5 - lead
        if phone.label in BILABIALS:
            assert gap[int(np.floor(middle)) : int(np.ceil(middle)) + 1].min() < 0.35, phone
        elif phone.label in ("AA", "AE") and phone.end - phone.start > 0.1:
            assert gap[round(middle)] > 3.0, phone


def test_clips_of_another_lead_are_kept_apart_in_the_cache() -> None:
    drawn, none = PuppetCorpus(1, size=SIZE), PuppetCorpus(1, size=SIZE, lead_frames=0)
    key = drawn.keys()[0]
    leads = [corpus.clip(key).metadata["lead_frames"] for corpus in (drawn, none, drawn, none)]
    assert leads[0] == leads[2] != 0
    assert leads[1] == leads[3] == 0
    with pytest.raises(OptionError, match="from 0 to 7"):
        PuppetCorpus(1, lead_frames=8)


def test_lead_changes_neither_sound_nor_times() -> None:
    one, other = (
        film(draw_talker(1, 0), "set", np.random.default_rng(1), size=SIZE, lead_frames=lead)
        for lead in (0, 6)
    )
    np.testing.assert_array_equal(one.waveform, other.waveform)
    assert one.phones == other.phones
    assert one.landmarks is not None
    assert other.landmarks is not None
    # All but the lips (the head, the eyes) is where it was.
    np.testing.assert_array_equal(one.landmarks[:, 27:48], other.landmarks[:, 27:48])
    assert np.abs(one.landmarks[:, 48:] - other.landmarks[:, 48:]).max() > 0.5


def test_any_text_can_be_filmed_and_takes_as_long_as_it_takes() -> None:
    clip = film(draw_talker(2, 7), "Read my lips, please!", np.random.default_rng(0), size=SIZE)
    assert clip.transcript == "Read my lips, please!"
    assert [word.label for word in clip.words] == clip.transcript.split()
    assert len(clip.waveform) == round(clip.seconds * clip.sample_rate)
    assert 1.0 < clip.seconds < 4.0
    with pytest.raises(CorpusError, match="as nothing"):
        film(draw_talker(2, 7), " ... ", np.random.default_rng(0), size=SIZE)
    with pytest.raises(CorpusError, match="do not fit into"):
        film(draw_talker(2, 7), "word " * 30, np.random.default_rng(0), size=SIZE, seconds=3.0)


def test_noise_is_heard_in_the_sound_alone() -> None:
    clean, noisy = (PuppetCorpus(1, 1, size=SIZE, noise_snr=snr) for snr in (None, 10.0))
    one, other = clean.clip(clean.keys()[0]), noisy.clip(noisy.keys()[0])
    np.testing.assert_array_equal(one.frames, other.frames)
    assert one.phones == other.phones
    assert not one.waveform[:4000].any()
    assert other.waveform[:4000].std() > 0.001


def test_every_sentence_fits_with_the_slowest_voice() -> None:
    class Slowest:
        def integers(self, low: int, high: int) -> int:
            return low

    longest = max(
        speak(spell_out(code), voice.vary(Slowest())).seconds  # type: ignore[arg-type]
        for voice in VOICES.values()
        for code in ("pgwx7p", "pwwh7p", "pgwx7a", "swwx7s")
    )
    assert longest + FIRST_SOUND + LAST_SILENCE <= 3.0


def test_a_clip_is_kept_and_comes_back_the_same(corpus: PuppetCorpus, clip: Clip) -> None:
    again = PuppetCorpus(24, 12, size=SIZE)
    path = again._path(clip.key)
    assert path.is_file()
    written = path.stat().st_mtime_ns
    assert_same(again.clip(clip.key), clip)
    assert path.stat().st_mtime_ns == written
    assert_same(PuppetCorpus(24, 12, size=SIZE, keep=False).clip(clip.key), clip)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_file_of_the_cache_is_drawn_anew(corpus: PuppetCorpus, clip: Clip, damage: str) -> None:
    path = corpus._path(clip.key)
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    path.write_bytes({"cut": data[: len(data) // 2], "flip": data, "empty": b"", "other": b"no clip"}[damage])
    assert load_clip(path) is None
    assert_same(corpus.clip(clip.key), clip)
    assert load_clip(path) is not None


def test_the_cache_is_where_the_variable_says_and_leaves_no_halves(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "mine"))
    with ThreadPoolExecutor(4) as pool:
        paths = [PuppetCorpus(1, 1, size=SIZE)._path(clip.key)] * 8
        list(pool.map(lambda path: save_clip(clip, path), paths))
    assert paths[0].is_relative_to(tmp_path / "mine" / "puppets")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [paths[0]]
    assert_same(load_clip(paths[0]), clip)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_is_told(clip: Clip, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CorpusError, match=CACHE_VARIABLE):
        save_clip(clip, tmp_path / "deeper" / "clip.safetensors")


def test_a_cache_folder_that_is_a_file_is_told(clip: Clip, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(CorpusError, match=CACHE_VARIABLE):
        save_clip(clip, tmp_path / "file" / "clip.safetensors")


def test_another_process_makes_the_same_bytes(clip: Clip, tmp_path: Path) -> None:
    code = (
        "import sys, hashlib; from lipcourse.corpora.puppet.corpus import PuppetCorpus\n"
        f"clip = PuppetCorpus(24, 12, size={SIZE}, keep=False).clip({clip.key!r})\n"
        "for part in (clip.frames, clip.waveform, clip.landmarks):\n"
        "    print(hashlib.sha256(part.tobytes()).hexdigest())\n"
    )
    heard = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ).stdout.split()
    assert heard == [
        hashlib.sha256(part.tobytes()).hexdigest() for part in (clip.frames, clip.waveform, clip.landmarks)
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clips": 0}, "a corpus of 0 clips is empty"),
        ({"talkers": 0}, "0 talkers cannot be made"),
        ({"talkers": 101}, "101 talkers cannot be made"),
        ({"size": 63}, "63 pixels is too small"),
        ({"seed": -1}, "-1 is not a seed"),
        ({"voices": ("nobody",)}, "no voice 'nobody'"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        PuppetCorpus(**options)


def test_what_is_not_there_is_told(corpus: PuppetCorpus) -> None:
    with pytest.raises(CorpusError, match="no clip 'puppet/s1/none'"):
        corpus.clip("puppet/s1/none")
    with pytest.raises(CorpusError, match="no talker 's99'"):
        corpus.keys("s99")
    with pytest.raises(OptionError, match="'dev' is not a split"):
        corpus.keys(split="dev")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="cannot lead by 8 frames"):
        film(corpus.talker("s1"), "bin", np.random.default_rng(0), lead_frames=8)
    with pytest.raises(CorpusError, match=r"has 6\d\d sentences, not 5000"):
        draw_sentences(1, 5000, np.random.default_rng(0))


def test_chosen_voices_are_used() -> None:
    corpus = PuppetCorpus(6, 6, voices=("linda", "paul"))
    assert {corpus.talker(name).voice.name for name in corpus.talkers()} <= {"linda", "paul"}

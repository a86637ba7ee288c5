"""signals/audio against librosa, and the properties that its docstrings promise."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lipcourse.errors import OptionError, SignalError
from lipcourse.signals.audio import (
    log_mel,
    mel_filters,
    mel_to_waveform,
    mfcc_atvg,
    mfcc_recurrent,
)

FEATURES = {"log_mel": log_mel, "mfcc_atvg": mfcc_atvg, "mfcc_recurrent": mfcc_recurrent}


def speech_like(samples: int, clips: int = 1, seed: int = 0) -> torch.Tensor:
    """Noise whose loudness rises and falls, float32 (clips, samples)."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(clips, samples, generator=generator)
    swell = torch.sin(torch.linspace(0, 20, samples)).abs() + 0.01
    return 0.1 * noise * swell


def tone(hertz: float, seconds: float, sample_rate: int = 44_100) -> torch.Tensor:
    return (
        0.5 * torch.sin(2 * torch.pi * hertz * torch.arange(round(seconds * sample_rate)) / sample_rate)[None]
    )


def librosa_decibels(sound: np.ndarray, **options: object) -> np.ndarray:
    power = librosa.feature.melspectrogram(y=sound, window="hann", center=False, power=2.0, **options)
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=None)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_log_mel_equals_librosa(dtype: torch.dtype) -> None:
    waveform = speech_like(28_224, clips=2).to(dtype)
    padded = np.pad(waveform.numpy(), ((0, 0), (291, 292)), mode="reflect")
    expected = librosa_decibels(padded, sr=44_100, n_fft=1024, hop_length=441, n_mels=128)
    found = log_mel(waveform)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.numpy(), expected.transpose(0, 2, 1), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(
        10 ** (found.numpy() / 10), 10 ** (expected.transpose(0, 2, 1) / 10), rtol=3e-4
    )


def test_chunked_equals_librosa_on_each_chunk_alone() -> None:
    waveform = speech_like(5 * 1764)
    chunks = waveform.numpy().reshape(5, 1764)
    power = [
        librosa.feature.melspectrogram(
            y=chunk, sr=44_100, n_fft=1024, hop_length=512, n_mels=128, center=True, pad_mode="reflect"
        )
        for chunk in chunks
    ]
    expected = librosa.power_to_db(np.concatenate(power, axis=1).T, top_db=None)
    assert expected.shape == (20, 128)
    np.testing.assert_allclose(log_mel(waveform, mode="chunked")[0].numpy(), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("function", "window", "columns"), [(mfcc_atvg, 400, 28), (mfcc_recurrent, 320, 35)])
def test_mfcc_equals_librosa(function, window: int, columns: int) -> None:
    frames = 6
    waveform = speech_like(frames * 640)
    found = function(waveform, 16_000)[0].numpy()
    assert found.shape == (frames, columns, 12)
    for frame in range(frames):
        # The window of the first column starts this long before the middle of the frame.
        start = frame * 640 + 320 - (columns - 1) * 80 - window // 2
        length = (columns - 1) * 160 + window
        silence = np.zeros(4096, np.float32)
        around = np.concatenate([silence, waveform[0].numpy(), silence])
        sound = around[start + 4096 : start + 4096 + length]
        decibels = librosa_decibels(sound, sr=16_000, n_fft=window, hop_length=160, n_mels=26)
        expected = librosa.feature.mfcc(S=decibels, n_mfcc=13, dct_type=2, norm="ortho")[1:].T
        np.testing.assert_allclose(found[frame], expected, rtol=1e-4, atol=1e-3)


def test_filters_equal_librosa() -> None:
    expected = librosa.filters.mel(sr=44_100, n_fft=1024, n_mels=128, fmin=0.0, fmax=22_050.0)
    np.testing.assert_allclose(mel_filters().numpy(), expected.T, rtol=1e-4, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(
    frames=st.integers(1, 12),
    extra=st.floats(0, 0.95),
    clips=st.integers(1, 3),
    sample_rate=st.sampled_from(
        [8_000, 11_025, 16_000, 22_050, 25_000, 32_000, 44_099, 44_100, 48_000, 50_000]
    ),
    fps=st.sampled_from([24.0, 25.0, 30_000 / 1001, 30.0, 50.0]),
    mode=st.sampled_from(["windowed", "chunked"]),
)
def test_shapes_for_any_length_rate_and_batch(
    frames: int, extra: float, clips: int, sample_rate: int, fps: float, mode: str
) -> None:
    samples = int(np.ceil((frames + extra) * sample_rate / fps))
    waveform = speech_like(samples, clips)
    found = log_mel(waveform, sample_rate, fps, mode=mode)
    covered = int(samples * fps / sample_rate + 1e-9)
    assert found.shape == (clips, 4 * covered, 128)
    assert torch.isfinite(found).all()
    assert mfcc_atvg(waveform, sample_rate, fps).shape == (clips, covered, 28, 12)
    assert mfcc_recurrent(waveform, sample_rate, fps).shape == (clips, covered, 35, 12)


@settings(max_examples=25, deadline=None)
@given(clips=st.integers(2, 5), frames=st.integers(1, 30), mode=st.sampled_from(["windowed", "chunked"]))
def test_a_batch_is_its_clips(clips: int, frames: int, mode: str) -> None:
    waveform = speech_like(frames * 1764, clips)
    alone = torch.cat([log_mel(clip[None], mode=mode) for clip in waveform])
    torch.testing.assert_close(log_mel(waveform, mode=mode), alone, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", FEATURES)
def test_frames_given_cut_or_fill_with_silence(name: str) -> None:
    feature, sample_rate = FEATURES[name], 44_100 if name == "log_mel" else 16_000
    frame = sample_rate // 25
    waveform = speech_like(10 * frame)
    filled = torch.cat([waveform, torch.zeros(1, 3 * frame)], dim=1)
    torch.testing.assert_close(feature(waveform, sample_rate, frames=13), feature(filled, sample_rate))
    cut = waveform[:, : 7 * frame]
    torch.testing.assert_close(feature(waveform, sample_rate, frames=7), feature(cut, sample_rate))


@pytest.mark.parametrize("mode", ["windowed", "chunked"])
@pytest.mark.parametrize("frame", [0, 3, 15])
def test_a_click_lights_the_columns_of_its_own_frame(frame: int, mode: str) -> None:
    waveform = torch.zeros(1, 16 * 1764)
    waveform[0, frame * 1764 + 882] = 1.0
    loudest = log_mel(waveform, mode=mode)[0].mean(dim=1).argmax()
    assert loudest // 4 == frame


@pytest.mark.parametrize("column", range(4))
def test_a_column_is_centred_on_its_own_10_ms(column: int) -> None:
    waveform = torch.zeros(1, 16 * 1764)
    waveform[0, 8 * 1764 + column * 441 + 220] = 1.0
    assert log_mel(waveform)[0].mean(dim=1).argmax() == 8 * 4 + column


@pytest.mark.parametrize(("feature", "columns"), [(mfcc_atvg, 28), (mfcc_recurrent, 35)])
def test_mfcc_blocks_are_centred_on_their_frame(feature, columns: int) -> None:
    # A beep around the middle of frame 10 sounds alike on both sides of that frame's block.
    seconds = (torch.arange(21 * 640) - (10 * 640 + 320)) / 16_000
    beep = torch.cos(2 * torch.pi * 900 * seconds) * torch.exp(-((seconds / 0.02) ** 2))
    block = feature(beep[None], 16_000)[0, 10]
    torch.testing.assert_close(block, block.flip(0), rtol=1e-3, atol=0.1)
    loudest = block.norm(dim=1).topk(8 + columns % 2).indices
    assert loudest.float().mean() == (columns - 1) / 2


@pytest.mark.parametrize("mode", ["windowed", "chunked"])
@pytest.mark.parametrize("offset", [1, -2])
def test_offset_listens_to_a_later_frame(offset: int, mode: str) -> None:
    waveform = speech_like(12 * 1764)
    plain, moved = log_mel(waveform, mode=mode)[0], log_mel(waveform, mode=mode, offset=offset)[0]
    for frame in range(3, 9):
        columns, source = slice(4 * frame, 4 * frame + 4), 4 * (frame + offset)
        torch.testing.assert_close(moved[columns], plain[source : source + 4], rtol=1e-4, atol=1e-3)


def test_offset_beyond_the_sound_hears_silence() -> None:
    assert (log_mel(speech_like(5 * 1764), offset=20) == -100).all()
    assert (log_mel(speech_like(5 * 1764), offset=-20) == -100).all()


def test_chunks_know_nothing_of_each_other() -> None:
    waveform = speech_like(4 * 1764)
    changed = waveform.clone()
    changed[:, 1764 : 2 * 1764] = 0
    torch.testing.assert_close(
        log_mel(changed, mode="chunked")[:, 8:], log_mel(waveform, mode="chunked")[:, 8:], rtol=0, atol=0
    )
    assert not torch.equal(log_mel(changed)[:, 8], log_mel(waveform)[:, 8])


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 48_000])
def test_another_sample_rate_sounds_the_same(sample_rate: int) -> None:
    at_rate = log_mel(tone(1_000, 0.64, sample_rate), sample_rate)[0, 8:-8]
    at_paper = log_mel(tone(1_000, 0.64))[0, 8:-8]
    loud = at_paper > at_paper.max() - 40
    assert (at_rate - at_paper)[loud].abs().max() < 0.5


def test_8_khz_sound_holds_nothing_above_4_khz() -> None:
    bands = log_mel(speech_like(5_120), 8_000)[0].mean(dim=0)
    centres = librosa.mel_frequencies(n_mels=130, fmin=0, fmax=22_050)[1:-1]
    assert bands[centres < 3_500].min() > bands[centres > 5_000].max() + 30


@pytest.mark.parametrize("name", FEATURES)
def test_gradients_are_right(name: str) -> None:
    waveform = speech_like(1764 + 7).double().requires_grad_()
    assert torch.autograd.gradcheck(FEATURES[name], (waveform,), fast_mode=True)


def test_gradients_are_right_when_chunked_and_resampled() -> None:
    waveform = speech_like(400).double().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda sound: log_mel(sound, 8_000, mode="chunked", offset=0.25), (waveform,), fast_mode=True
    )


def test_filters_cached_in_inference_mode_can_still_train() -> None:
    mel_filters.cache_clear()
    with torch.inference_mode():
        log_mel(speech_like(1764))
    waveform = speech_like(1764).requires_grad_()
    log_mel(waveform).sum().backward()
    assert waveform.grad is not None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", FEATURES)
def test_a_gpu_hears_the_same(name: str) -> None:
    waveform = speech_like(28_224, clips=3)
    found = FEATURES[name](waveform.cuda())
    assert found.is_cuda
    torch.testing.assert_close(found.cpu(), FEATURES[name](waveform), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("name", FEATURES)
def test_silence_is_finite_and_has_no_gradient(name: str) -> None:
    silence = torch.zeros(1, 5 * 1764, requires_grad=True)
    found = FEATURES[name](silence)
    found.sum().backward()
    assert torch.isfinite(found).all()
    assert silence.grad is not None
    assert (silence.grad == 0).all()


def test_half_precision_is_computed_in_float32() -> None:
    waveform = speech_like(1764).half()
    torch.testing.assert_close(log_mel(waveform), log_mel(waveform.float()))


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_is_refused_with_its_time(name: str, value: float) -> None:
    waveform = speech_like(2 * 44_100, clips=3)
    waveform[1, 55_125] = value
    with pytest.raises(SignalError, match=r"clip 1 of the batch at 1\.250 s: the waveform holds NaN"):
        FEATURES[name](waveform)


@pytest.mark.parametrize("name", FEATURES)
def test_less_than_a_frame_is_refused(name: str) -> None:
    with pytest.raises(SignalError, match=r"1763 samples at 44100 Hz are less than one video frame .* 40 ms"):
        FEATURES[name](speech_like(1763))
    assert FEATURES[name](speech_like(1764)).shape[0] == 1


@pytest.mark.parametrize(
    ("waveform", "options", "error", "words"),
    [
        (torch.zeros(1764), {}, SignalError, r"waveform\[None\]"),
        (torch.zeros(1, 1764, dtype=torch.int16), {}, SignalError, "int16"),
        (torch.zeros(1, 0), {}, SignalError, "empty"),
        (torch.zeros(1, 1764), {"sample_rate": 0}, OptionError, "sample_rate"),
        (torch.zeros(1, 1764), {"fps": float("nan")}, OptionError, "fps"),
        (torch.zeros(1, 1764), {"frames": 0}, OptionError, "frames"),
    ],
)
@pytest.mark.parametrize("name", FEATURES)
def test_wrong_arguments_are_told(name: str, waveform, options, error, words: str) -> None:
    with pytest.raises(error, match=words):
        FEATURES[name](waveform, **options)


def test_wrong_modes_and_offsets_are_told() -> None:
    with pytest.raises(OptionError, match='choose "windowed" or "chunked"'):
        log_mel(speech_like(1764), mode="sliced")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="offset"):
        log_mel(speech_like(1764), offset=float("inf"))


def test_resynthesis_has_the_same_spectrogram() -> None:
    spectrogram = log_mel(tone(440, 0.64) + 0.3 * tone(2_500, 0.64) + speech_like(28_224))
    sound = mel_to_waveform(spectrogram)
    assert sound.shape == (1, 28_224)
    difference = (log_mel(sound) - spectrogram)[:, 8:-8].abs()
    assert difference.mean() < 1.5


def test_resynthesis_keeps_only_the_bands_asked_for() -> None:
    spectrogram = log_mel(tone(300, 0.64) + tone(6_000, 0.64))
    low, high = (
        torch.fft.rfft(mel_to_waveform(spectrogram, bands=bands)[0]).abs().argmax() * 44_100 / 28_224
        for bands in (slice(0, 40), slice(60, 128))
    )
    assert abs(low - 300) < 40
    assert abs(high - 6_000) < 200


@pytest.mark.parametrize(
    "spectrogram", [torch.zeros(64, 128), torch.zeros(1, 64, 80), torch.full((1, 64, 128), torch.nan)]
)
def test_resynthesis_refuses_what_is_no_spectrogram(spectrogram: torch.Tensor) -> None:
    with pytest.raises(SignalError):
        mel_to_waveform(spectrogram)

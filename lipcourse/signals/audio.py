"""Sound as networks see it: the log-mel spectrogram and the two MFCC forms, aligned with video frames.

All three share one clock. A video frame owns four columns, so at the course's 25 frames a second a column
is 10 ms of sound. The clock is kept exact by resampling: first the sound is brought to the rate nearest to
the paper's (44.1 or 16 kHz) at which a quarter of a video frame is a whole number of samples (441 of
44.1 kHz, 160 of 16 kHz). Every function takes a batch, is differentiable and stays on its input's device.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import torch
import torchaudio
from torch import Tensor
from torch.nn import functional

from lipcourse.errors import OptionError, SignalError

SAMPLE_RATE = 44_100
"""Samples a second behind the log-mel spectrogram (the 41.1 kHz that glance prints is a slip)."""

SPEECH_RATE = 16_000
"""Samples a second behind both MFCC forms."""

COLUMNS_PER_FRAME = 4
FFT = 1024
MEL_BANDS = 128
HIGHEST_MEL_HZ = 22_050.0
CHUNK_HOP = 512
"""The hop that glance prints. On a 40 ms chunk alone, padded at both ends, it gives four columns."""

MFCC_BANDS = 26
MFCC_COEFFICIENTS = 13
POWER_FLOOR = 1e-10
"""Power below this counts as this, so that silence is -100 dB and not minus infinity."""

LONGEST_RESAMPLING_CYCLE = 2048
CACHED_COLUMNS = 1024


def log_mel(
    waveform: Tensor,
    sample_rate: float = SAMPLE_RATE,
    fps: float = 25.0,
    *,
    frames: int | None = None,
    mode: Literal["windowed", "chunked"] = "windowed",
    offset: float = 0.0,
) -> Tensor:
    """Return the log-mel spectrogram, exactly four columns a video frame: columns 4t..4t+3 are frame t's.

    "windowed" slides a 1024-sample Hann window in steps of a quarter frame (441 samples at 25 fps) over the
    sound padded by reflection with 291 samples before and 292 after, so that each column is centred on its
    own 10 ms. "chunked" is what glance's authors did: each 40 ms chunk is transformed alone, padded by
    reflection with 512 samples at both ends, with the printed hop of 512. Its four columns are centred 0,
    11.6, 23.2 and 34.8 ms into the chunk and know nothing of the neighbouring chunks.

    Source: glance, section 3 and released code; filters and decibels as in librosa. Taught in notebook 01.

    Args:
        waveform: (B, N), float in [-1, 1]. Samples after the last whole video frame are left out.
        sample_rate: Samples a second of `waveform`; other rates than 44.1 kHz are resampled (windowed sinc).
        fps: Video frames a second.
        frames: T, how many video frames the sound belongs to; sound that ends earlier is followed by
            silence. None: as many as the sound covers wholly.
        mode: "windowed" or "chunked".
        offset: How many video frames later than its frame a column listens; beyond the ends it hears
            silence. The released code is at 1, late by 40 ms.

    Returns:
        (B, 4T, 128) in decibels: 10 log10 of mel power, never below -100.

    Raises:
        SignalError: The waveform is not a float batch, holds NaN or infinity, or is shorter than one frame.
        OptionError: An option has no usable value.
    """
    if mode not in ("windowed", "chunked"):
        raise OptionError(f"there is no mode {mode!r}", remedy='choose "windowed" or "chunked"')
    if not math.isfinite(offset):
        raise OptionError(f"offset is a number of video frames, not {offset}")
    sound, hop = _on_frame_clock(waveform, sample_rate, fps, SAMPLE_RATE, frames)
    sound = _listen_later(sound, round(offset * COLUMNS_PER_FRAME * hop))
    rate = round(hop * COLUMNS_PER_FRAME * fps)
    if mode == "windowed":
        before = (FFT - hop) // 2
        padding = (before, FFT - hop - before)
        return _decibels(_mel_power(sound, padding, True, FFT, hop, rate, MEL_BANDS))
    chunks = sound.reshape(-1, COLUMNS_PER_FRAME * hop)
    chunk_hop = round(CHUNK_HOP * hop * COLUMNS_PER_FRAME * 25 / SAMPLE_RATE)
    power = _mel_power(chunks, (FFT // 2, FFT // 2), True, FFT, chunk_hop, rate, MEL_BANDS)
    return _decibels(power.reshape(len(sound), -1, MEL_BANDS))


def mfcc_atvg(
    waveform: Tensor, sample_rate: float = SAMPLE_RATE, fps: float = 25.0, *, frames: int | None = None
) -> Tensor:
    """Return atvg's MFCC: for each video frame the 28 columns (280 ms) centred on it.

    25 ms Hann windows in steps of a quarter frame (10 ms at 25 fps) of the sound at 16 kHz, with silence
    around it; 26 mel bands in decibels; 13 cosine coefficients less the first, which is loudness.

    Source: atvg, section 4.1; filters and cosine transform as in librosa. Taught in notebook 01.

    Args:
        waveform: (B, N), float in [-1, 1].
        sample_rate: Samples a second of `waveform`; other rates than 16 kHz are resampled (windowed sinc).
        fps: Video frames a second.
        frames: T, as in `log_mel`.

    Returns:
        (B, T, 28, 12): columns in order of time, coefficients 1 to 12.

    Raises:
        SignalError: As `log_mel`.
        OptionError: As `log_mel`.
    """
    return _mfcc(waveform, sample_rate, fps, frames, window_seconds=0.025, columns=28)


def mfcc_recurrent(
    waveform: Tensor, sample_rate: float = SAMPLE_RATE, fps: float = 25.0, *, frames: int | None = None
) -> Tensor:
    """Return recurrent's MFCC: for each video frame the 35 columns (350 ms) centred on it.

    As `mfcc_atvg`, with 20 ms windows. Source: recurrent, section 4. Taught in notebook 01.

    Args:
        waveform: (B, N), float in [-1, 1].
        sample_rate: Samples a second of `waveform`.
        fps: Video frames a second.
        frames: T, as in `log_mel`.

    Returns:
        (B, T, 35, 12): columns in order of time, coefficients 1 to 12.

    Raises:
        SignalError: As `log_mel`.
        OptionError: As `log_mel`.
    """
    return _mfcc(waveform, sample_rate, fps, frames, window_seconds=0.020, columns=35)


def mel_to_waveform(
    log_mel: Tensor,
    *,
    bands: slice | None = None,
    rounds: int = 32,
) -> Tensor:
    """Return sound whose log-mel spectrogram is the one given: what the bands keep, made audible.

    Power in each FFT bin is estimated from the bands by multiplicative updates, which keep it positive (Lee
    and Seung, "Algorithms for non-negative matrix factorization", 2001); phases, which a spectrogram does
    not hold, are found by Griffin-Lim (torchaudio). Nothing is random. Taught in notebook 01.

    Args:
        log_mel: (B, 4T, 128) in decibels, made by `log_mel` with mode="windowed" at 25 fps.
        bands: Which mel bands to keep, such as `slice(0, 40)`; the others become silent. None keeps all.
        rounds: How often Griffin-Lim goes to sound and back.

    Returns:
        (B, 4T * 441) at 44.1 kHz. Levels are kept, so a loud clip can reach beyond [-1, 1] a little.

    Raises:
        SignalError: The spectrogram has another shape, or holds NaN or infinity.
    """
    if log_mel.ndim != 3 or log_mel.shape[2] != MEL_BANDS or log_mel.shape[1] < COLUMNS_PER_FRAME:
        raise SignalError(
            f"a log-mel spectrogram has the shape (B, columns, {MEL_BANDS}), this one {tuple(log_mel.shape)}"
        )
    if not torch.isfinite(log_mel).all():
        raise SignalError("the spectrogram holds NaN or infinity")
    kept = torch.zeros(MEL_BANDS, dtype=log_mel.dtype, device=log_mel.device)
    kept[slice(None) if bands is None else bands] = 1
    mel_power = 10 ** (log_mel / 10) * kept
    filters = mel_filters(FFT, SAMPLE_RATE, MEL_BANDS).to(mel_power)
    reach = filters.sum(dim=1).clamp(min=POWER_FLOOR)
    power = mel_power @ filters.T
    for _ in range(10):
        power = power * ((mel_power / (power @ filters).clamp(min=POWER_FLOOR)) @ filters.T) / reach
    hop = SAMPLE_RATE // (25 * COLUMNS_PER_FRAME)
    waveform = torchaudio.functional.griffinlim(
        power.transpose(1, 2),
        window=torch.hann_window(FFT, dtype=power.dtype, device=power.device),
        n_fft=FFT,
        hop_length=hop,
        win_length=FFT,
        power=2.0,
        n_iter=rounds,
        momentum=0.99,
        length=None,
        rand_init=False,
    )
    # Griffin-Lim's sound runs from the middle of the first column to the middle of the last.
    return functional.pad(waveform, (hop // 2, hop - hop // 2))


@lru_cache(maxsize=16)
def mel_filters(fft: int = FFT, sample_rate: int = SAMPLE_RATE, bands: int = MEL_BANDS) -> Tensor:
    """Return the triangles that gather FFT bins into mel bands (Slaney's scale and area, as in librosa).

    Source: torchaudio.functional.melscale_fbanks. Taught in notebook 01.

    Args:
        fft: Samples in a window.
        sample_rate: Samples a second.
        bands: How many triangles, from 0 Hz to half the sample rate, at most to 22 050 Hz.

    Returns:
        (fft // 2 + 1, bands), float32. It is cached: do not change it in place.
    """
    # A tensor made in inference mode could never be used in training again.
    with torch.inference_mode(mode=False):
        filters: Tensor = torchaudio.functional.melscale_fbanks(
            n_freqs=fft // 2 + 1,
            f_min=0.0,
            f_max=min(HIGHEST_MEL_HZ, sample_rate / 2),
            n_mels=bands,
            sample_rate=sample_rate,
            norm="slaney",
            mel_scale="slaney",
        )
    return filters


def _mfcc(
    waveform: Tensor,
    sample_rate: float,
    fps: float,
    frames: int | None,
    *,
    window_seconds: float,
    columns: int,
) -> Tensor:
    """Return (B, T, columns, 12): MFCC columns centred on each video frame."""
    sound, hop = _on_frame_clock(waveform, sample_rate, fps, SPEECH_RATE, frames)
    window = round(window_seconds * SPEECH_RATE)
    # The middle of a frame is two hops from its start; the first column is centred (columns - 1) / 2 hops
    # before it, and its window starts half a window earlier still.
    around = (columns - 1) * hop // 2 + window // 2 - 2 * hop
    padding = (around, around + (columns - 1) * hop % 2)
    rate = round(hop * COLUMNS_PER_FRAME * fps)
    bands = _decibels(_mel_power(sound, padding, False, window, hop, rate, MFCC_BANDS))
    cosines = torchaudio.functional.create_dct(MFCC_COEFFICIENTS, MFCC_BANDS, norm="ortho").to(bands)
    coefficients: Tensor = (bands @ cosines)[..., 1:]
    return coefficients.unfold(1, columns, COLUMNS_PER_FRAME).transpose(2, 3).contiguous()


def _on_frame_clock(
    waveform: Tensor, sample_rate: float, fps: float, wanted_rate: int, frames: int | None
) -> tuple[Tensor, int]:
    """Return the sound as (B, 4 T hop) samples, and hop: how many samples a quarter of a video frame has."""
    _require_usable(waveform, sample_rate, fps)
    if waveform.dtype not in (torch.float32, torch.float64):
        waveform = waveform.float()
    frames_a_second = Fraction(fps).limit_denominator(1001)
    covered = int(waveform.shape[1] * frames_a_second / Fraction(sample_rate))
    if covered < 1:
        raise SignalError(
            f"{waveform.shape[1]} samples at {sample_rate:g} Hz are less than one video frame of sound",
            remedy=f"give at least {1000 / fps:.0f} ms",
        )
    if frames is not None and frames < 1:
        raise OptionError(f"frames must be 1 or more, not {frames}")
    hop = round(wanted_rate / (COLUMNS_PER_FRAME * frames_a_second))
    speed = hop * COLUMNS_PER_FRAME * frames_a_second / Fraction(sample_rate)
    # The resampling filter is as long as this fraction's parts: exact for every rate in use, and for an odd
    # one (44 099 Hz) off by less than 1 in 2048, which nobody hears.
    speed = speed.limit_denominator(LONGEST_RESAMPLING_CYCLE)
    if speed != 1:
        waveform = torchaudio.functional.resample(waveform, speed.denominator, speed.numerator)
    samples = (covered if frames is None else frames) * COLUMNS_PER_FRAME * hop
    if waveform.shape[1] < samples:
        waveform = functional.pad(waveform, (0, samples - waveform.shape[1]))
    return waveform[:, :samples], hop


def _require_usable(waveform: Tensor, sample_rate: float, fps: float) -> None:
    """Raise unless `waveform` is a finite float batch (B, N) and both rates make sense."""
    if waveform.ndim != 2 or not waveform.is_floating_point():
        raise SignalError(
            f"a waveform is a float batch (B, samples), this one is {waveform.dtype} {tuple(waveform.shape)}",
            remedy="for one mono sound give waveform[None], scaled to [-1, 1]",
        )
    if not 1000 <= sample_rate <= 1_000_000:
        raise OptionError(f"sample_rate must lie between 1000 and 1 000 000 Hz, not {sample_rate:g}")
    if not 5 <= fps <= 120:
        raise OptionError(f"fps must lie between 5 and 120, not {fps:g}")
    if not waveform.numel():
        raise SignalError("the waveform is empty", remedy="check the file it was read from")
    # NaN and infinity survive in the extremes, which are much quicker than a look at every sample.
    lowest, highest = torch.aminmax(waveform.detach())
    if not torch.isfinite(highest - lowest):
        clip, sample = (~torch.isfinite(waveform)).nonzero()[0].tolist()
        raise SignalError(
            "the waveform holds NaN or infinity",
            where=f"clip {clip} of the batch at {sample / sample_rate:.3f} s",
            remedy="check the file it was read from, or cut that part out",
        )


def _listen_later(sound: Tensor, samples: int) -> Tensor:
    """Return `sound` moved so that each moment holds what comes `samples` later; silence beyond the ends."""
    padded = functional.pad(sound, (max(0, -samples), max(0, samples)))
    start = max(0, samples)
    return padded[:, start : start + sound.shape[1]]


def _mel_power(
    sound: Tensor, padding: tuple[int, int], reflect: bool, fft: int, hop: int, rate: int, bands: int
) -> Tensor:
    """Return (B, columns, bands): mel power of every whole Hann window in `sound` (B, N), padded."""
    filters = mel_filters(fft, rate, bands).to(sound)
    window = torch.hann_window(fft, dtype=sound.dtype, device=sound.device)
    # On a CPU a few clips at a time are much faster than all at once: their spectra stay in its cache.
    clips = len(sound) if sound.is_cuda else max(1, CACHED_COLUMNS * hop // sound.shape[1])
    powers = []
    for block in torch.split(sound, clips):
        padded = _reflect(block, padding) if reflect else functional.pad(block, padding)
        spectrum = torch.stft(padded, fft, hop, window=window, center=False, return_complex=True)
        power = torch.addcmul(spectrum.real.square(), spectrum.imag, spectrum.imag)
        powers.append(power.transpose(1, 2) @ filters)
    return torch.cat(powers)


def _reflect(sound: Tensor, padding: tuple[int, int]) -> Tensor:
    """Return `sound` (B, N) mirrored at its ends (four times as fast as functional.pad on a CPU)."""
    before, after = padding
    head, tail = sound[:, 1 : before + 1], sound[:, -after - 1 : -1]
    return torch.cat([head.flip(1), sound, tail.flip(1)], dim=1)


def _decibels(power: Tensor) -> Tensor:
    """Return 10 log10 of `power`, with the floor that keeps silence finite."""
    return 10 * torch.log10(power.clamp(min=POWER_FLOOR))

"""Checks of notebook 01: counting columns, mel bands in decibels, windows of video frames, MFCC by hand."""

from __future__ import annotations

import math

import torch
import torchaudio
from torch import Tensor

from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.signals.audio import log_mel, mel_filters, mfcc_atvg

# Exercise 1: how many windows fit.


def columns(samples: int, fft: int, hop: int, padding: int) -> int:
    """PyTorch's own answer: how many windows it cuts out of so many samples."""
    return torch.empty(samples + padding).unfold(0, fft, hop).shape[0]


COLUMNS = Exercise(
    name="columns",
    reference=columns,
    cases=[
        (28_224, 1024, 512, 1024),
        (28_224, 1024, 512, 0),
        (28_224, 1024, 441, 583),
        (1_764, 1024, 512, 1024),
        (1_024, 1024, 441, 0),
    ],
    mutants=(
        Mutant(
            "steps, not windows",
            lambda samples, fft, hop, padding: (samples + padding - fft) // hop,
            "You counted the steps between windows. A fence with ten gaps has eleven posts: the first window "
            "needs no step.",
        ),
        Mutant(
            "the padding is missing",
            lambda samples, fft, hop, _padding: 1 + (samples - fft) // hop,
            "You counted on the bare sound. The padding makes it longer before the first window is cut.",
        ),
        Mutant(
            "windows without a width",
            lambda samples, _fft, hop, padding: 1 + (samples + padding) // hop,
            "You counted where a window may start, also so near to the end that it does not fit. The last "
            "one starts `fft` samples before the end.",
        ),
        Mutant(
            "a window that does not fit",
            lambda samples, fft, hop, padding: 1 + math.ceil((samples + padding - fft) / hop),
            "You round up, and so count a last window that runs over the end. Only whole windows count.",
        ),
        Mutant(
            "padded twice",
            lambda samples, fft, hop, padding: 1 + (samples + 2 * padding - fft) // hop,
            "`padding` is what both ends get together: add it once.",
        ),
    ),
)


# Exercise 2: from the spectrum to mel bands in decibels.


def mel_decibels(spectrum: Tensor, filters: Tensor) -> Tensor:
    """The right answer: power, bands, then decibels with a floor."""
    power = spectrum.abs().square() @ filters
    return 10 * torch.log10(power.clamp(min=1e-10))


def _spectrum_cases() -> list[Case]:
    generator = torch.Generator().manual_seed(0)
    spectrum = torch.randn(12, 513, generator=generator, dtype=torch.complex64)
    loudness = torch.logspace(1, -2, 513) * torch.linspace(0.2, 2, 12)[:, None]
    silence = torch.zeros(3, 513, dtype=torch.complex64)
    return [(spectrum * loudness, mel_filters()), (torch.cat([spectrum, silence]), mel_filters())]


def _decibels(power: Tensor) -> Tensor:
    return 10 * torch.log10(power.clamp(min=1e-10))


MEL_DECIBELS = Exercise(
    name="mel_decibels",
    reference=mel_decibels,
    cases=_spectrum_cases,
    picture="image",
    mutants=(
        Mutant(
            "amplitude in place of power",
            lambda spectrum, filters: _decibels(spectrum.abs() @ filters),
            "Your bands add up amplitudes, but sounds add up in power: square before the bands.",
        ),
        Mutant(
            "twice the decibels",
            lambda spectrum, filters: 2 * _decibels(spectrum.abs().square() @ filters),
            "20 log10 is for amplitudes. What you have is power, its square: 10 log10.",
        ),
        Mutant(
            "natural logarithm",
            lambda spectrum, filters: torch.log((spectrum.abs().square() @ filters).clamp(min=1e-10)),
            "`torch.log` is the natural logarithm. A decibel is ten times the logarithm to base ten.",
        ),
        Mutant(
            "no floor",
            lambda spectrum, filters: 10 * torch.log10(spectrum.abs().square() @ filters),
            "In silence you take the logarithm of zero: minus infinity, and a network that learns from it "
            "returns NaN for ever. Let no power be below 1e-10.",
        ),
        Mutant(
            "logarithm before the bands",
            lambda spectrum, filters: _decibels(spectrum.abs().square()) @ filters,
            "You gather decibels into bands. Decibels of two sounds do not add up: gather power first, take "
            "the logarithm last.",
        ),
    ),
)


# Exercise 3: windows of video frames, cut out of a spectrogram.


def cut_windows(spectrogram: Tensor, frames: int, overlap: int) -> Tensor:
    """The right answer: (windows, 4 * frames, 128)."""
    return spectrogram.unfold(0, 4 * frames, 4 * (frames - overlap)).transpose(1, 2)


def _window_cases() -> list[Case]:
    generator = torch.Generator().manual_seed(0)
    spectrogram = torch.randn(300, 128, generator=generator).cumsum(0)
    return [(spectrogram, 16, 8), (spectrogram, 16, 4), (spectrogram[:64], 16, 8)]


CUT_WINDOWS = Exercise(
    name="cut_windows",
    reference=cut_windows,
    cases=_window_cases,
    mutants=(
        Mutant(
            "frames taken for columns",
            lambda spectrogram, frames, overlap: spectrogram.unfold(0, frames, frames - overlap).mT,
            "Your windows have as many columns as they should have video frames. A frame owns four columns.",
        ),
        Mutant(
            "the step is in columns",
            lambda spectrogram, frames, overlap: spectrogram.unfold(0, 4 * frames, frames - overlap).mT,
            "The windows have the right length, but the next one starts too early: the step, too, is four "
            "columns a frame.",
        ),
        Mutant(
            "no overlap",
            lambda spectrogram, frames, _overlap: spectrogram.unfold(0, 4 * frames, 4 * frames).mT,
            "Each of your windows starts where the one before it ends. The last frames of a window are also "
            "the first of the next.",
        ),
        Mutant(
            "the overlap taken for the step",
            lambda spectrogram, frames, overlap: spectrogram.unfold(0, 4 * frames, 4 * overlap).mT,
            "You step by the overlap. It looks right where the overlap is half of the window; the step is "
            "what the overlap leaves over.",
        ),
        Mutant(
            "bands before columns",
            lambda spectrogram, frames, overlap: spectrogram.unfold(0, 4 * frames, 4 * (frames - overlap)),
            "`unfold` puts the window's columns last. The contract is (windows, columns, bands): exchange "
            "the last two axes.",
        ),
    ),
)


# Exercise 4: MFCC from mel bands.


def cepstrum(decibels: Tensor) -> Tensor:
    """The package's way: torchaudio's orthonormal cosines, less the first of 13 coefficients."""
    return (decibels @ _cosines(13, decibels.shape[1]))[:, 1:]


def _cosines(count: int, bands: int, norm: str | None = "ortho") -> Tensor:
    cosines: Tensor = torchaudio.functional.create_dct(count, bands, norm)
    return cosines


def _bands_cases() -> list[Case]:
    generator = torch.Generator().manual_seed(0)
    return [(torch.randn(28, bands, generator=generator).cumsum(1) * 5 - 40,) for bands in (26, 40)]


CEPSTRUM = Exercise(
    name="cepstrum",
    reference=cepstrum,
    cases=_bands_cases,
    picture="image",
    mutants=(
        Mutant(
            "the loudness is kept",
            lambda decibels: (decibels @ _cosines(13, decibels.shape[1]))[:, :12],
            "You kept the first coefficient and lost the thirteenth. The first is the sum over all bands: "
            "that is loudness: it goes.",
        ),
        Mutant(
            "all thirteen",
            lambda decibels: decibels @ _cosines(13, decibels.shape[1]),
            "You kept all 13. The papers' networks take 12: the first is loudness and goes.",
        ),
        Mutant(
            "not scaled",
            lambda decibels: (decibels @ _cosines(13, decibels.shape[1], None))[:, 1:],
            "The shape is right, the size is not: the rows of the transform must have length one, so that "
            "nothing grows by it. The factor is the square root of 2 over the number of bands.",
        ),
        Mutant(
            "bands not at half steps",
            lambda decibels: decibels @ _whole_steps(decibels.shape[1]),
            "Your cosines are taken at the edges of the bands. The middle of band b is at b + 1/2.",
        ),
    ),
)


def _whole_steps(bands: int) -> Tensor:
    """Cosines as in `cepstrum`, without the half step."""
    band, order = torch.arange(bands), torch.arange(1, 13)
    return math.sqrt(2 / bands) * torch.cos(math.pi / bands * band[:, None] * order)


EXERCISES = (COLUMNS, MEL_DECIBELS, CUT_WINDOWS, CEPSTRUM)


# The quiz.


def _columns_of_a_click(frame: int) -> str:
    """In which columns a click in the middle of a video frame is heard best: the frame's own four."""
    sound = torch.zeros(1, 16 * 1764)
    sound[0, frame * 1764 + 882] = 1
    first = int(log_mel(sound)[0].mean(1).argmax()) // 4 * 4
    return f"{first} to {first + 3}"


def _silence() -> float:
    return log_mel(torch.zeros(1, 1764)).max().item()


QUIZZES = (
    Quiz(
        "audio_features",
        (
            Question(
                "0.64 s at 44.1 kHz are 28 224 samples. With a hop of 512 and an FFT of 1024, centred as "
                "librosa does by default (1024 samples of padding in all), how many columns are there?",
                (
                    Choice("54", 54, "That is without padding."),
                    Choice("55", 55, "That is 28 224 / 512, without the first column."),
                    Choice("56", 56, "1 + 28 224 // 512: not the 64 that the paper's network needs."),
                    Choice("64", 64, "That is what the paper says comes out; a hop of 441 does it."),
                ),
                lambda: columns(28_224, 1024, 512, 1024),
            ),
            Question(
                "Which columns of the log-mel spectrogram belong to video frame 10 (frames count from 0)?",
                (
                    Choice("10 to 13", "10 to 13", "There are four columns for each frame before it."),
                    Choice("36 to 39", "36 to 39", "Those belong to frame 9."),
                    Choice("40 to 43", "40 to 43", "4t to 4t + 3, with t = 10."),
                    Choice("41 to 44", "41 to 44", "Both count from 0."),
                ),
                lambda: _columns_of_a_click(10),
            ),
            Question(
                "What shape has atvg's MFCC of one clip of 75 video frames?",
                (
                    Choice("300 x 12", (300, 12), "That is the clip as one strip, before windows are cut."),
                    Choice("75 x 28 x 12", (75, 28, 12), "280 ms: its own 40 and 120 on each side."),
                    Choice("75 x 28 x 13", (75, 28, 13), "The first coefficient goes: it is loudness."),
                    Choice("75 x 4 x 12", (75, 4, 12), "A frame sees more sound than its own 40 ms."),
                ),
                lambda: tuple(mfcc_atvg(torch.zeros(1, 48_000), 16_000).shape[1:]),
            ),
            Question(
                "What is the log-mel spectrogram of digital silence?",
                (
                    Choice("0 dB everywhere", 0.0, "0 dB is a power of 1: loud."),
                    Choice("-100 dB everywhere", -100.0, "The floor: a power of 1e-10."),
                    Choice("minus infinity", -math.inf, "That would be so without the floor."),
                ),
                _silence,
            ),
        ),
    ),
)

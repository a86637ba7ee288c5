"""A puppet that can be filmed: who it is, how it sounds, and what it looks like when it says something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lipcourse.corpora.base import Split
from lipcourse.corpora.puppet.head import LARGEST_YAW, track_head
from lipcourse.corpora.puppet.identity import Identity, draw_identity
from lipcourse.corpora.puppet.mouth import track_mouth
from lipcourse.corpora.puppet.pose import Pose
from lipcourse.corpora.puppet.render import render
from lipcourse.corpora.puppet.voice import SAMPLE_RATE, VOICES, Voice, add_noise, choose_voice, place, speak
from lipcourse.errors import OptionError
from lipcourse.media import Clip, Origin

FPS = 25.0
MOST_LEAD_FRAMES = 7
"""How far the lips of a clip come before its sound at most."""

ORIGIN = Origin("puppets (drawn and spoken by lipcourse)", "CC0 1.0")

FIRST_SOUND = MOST_LEAD_FRAMES / FPS + 0.08
"""Nothing is heard before this, in seconds: lips that lead by seven frames are in motion from the start."""

LAST_SILENCE = 0.06
"""How long it is silent at the end of a clip at least, in seconds."""


@dataclass(frozen=True)
class Talker:
    """One puppet.

    Attributes:
        number: From 1; its name is "s1" and so on, as in GRID.
        identity: What it looks like.
        voice: How it sounds.
        effort: How clearly it moves its mouth; 1 is average.
    """

    number: int
    identity: Identity
    voice: Voice
    effort: float

    @property
    def name(self) -> str:
        """What the talker is called in a corpus."""
        return f"s{self.number}"

    @property
    def split(self) -> Split:
        """Of ten talkers the second is for testing, the third for validation, whatever their number."""
        last = self.number % 10
        return "test" if last == 2 else "validation" if last == 3 else "train"


def draw_talker(number: int, seed: int, voices: Sequence[str] = ()) -> Talker:
    """Draw a talker, the same one whatever else is in its corpus.

    Args:
        number: From 1.
        seed: The corpus's.
        voices: Names of the voices to choose from; empty for all, of which some are kept for validation and
            some for testing, so that a voice that is tested was not heard in training.

    Returns:
        A face and a voice that goes with it.

    Raises:
        OptionError: A voice does not exist.
    """
    random = np.random.default_rng([seed, number])
    identity = draw_identity(int(random.integers(2**32)))
    gender = "female" if identity.feminine > 0.5 else "male"
    talker = Talker(number, identity, VOICES["annie"], float(random.uniform(0.9, 1.1)))
    given = [choose_voice(name) for name in voices]
    if given:
        pool = [voice for voice in given if voice.gender == gender] or given
    else:
        every = [voice for voice in VOICES.values() if voice.gender == gender]
        kept = {"train": (0, 1, 2, 3), "validation": (4,), "test": (5,)}[talker.split]
        pool = [voice for index, voice in enumerate(every) if index % 6 in kept]
    voice = pool[int(random.integers(len(pool)))].vary(random)
    return Talker(number, identity, voice, talker.effort)


def check_lead(lead_frames: int | None) -> None:
    """Make sure that lips can come so many frames before their sound; None is to be drawn.

    Raises:
        OptionError: They cannot.
    """
    if lead_frames is not None and not 0 <= lead_frames <= MOST_LEAD_FRAMES:
        raise OptionError(
            f"lips cannot lead by {lead_frames} frames", remedy=f"choose from 0 to {MOST_LEAD_FRAMES}"
        )


def film(
    talker: Talker,
    text: str,
    random: np.random.Generator,
    *,
    key: str = "puppet/own",
    transcript: str | None = None,
    size: int = 160,
    seconds: float | None = None,
    lead_frames: int | None = None,
    noise_snr: float | None = None,
) -> Clip:
    """Film a talker saying a text, with all that is true of it.

    Args:
        talker: Who.
        text: What, as a synthesiser reads it.
        random: Draws what is not given, and how the head moves.
        key: What to call the clip.
        transcript: The text as people read it, word for word; None for `text`.
        size: Side of the pictures, in pixels, 64 or more.
        seconds: How long; None for as long as it takes.
        lead_frames: How many frames the lips come before the sound, 0 to 7; None to draw it. In the clip's
            metadata. Phones, words and sound are true to each other; pictures and landmarks come this much
            early.
        noise_snr: Adds white noise, this many decibels below the speech; None for none.

    Returns:
        A clip at 25 fps and 44.1 kHz with landmarks, words and phones.

    Raises:
        CorpusError: The text is nothing to eSpeak, or does not fit into `seconds`.
        OptionError: A size or lead that cannot be.
    """
    check_lead(lead_frames)
    drawn_lead = int(random.integers(MOST_LEAD_FRAMES + 1))
    lead = drawn_lead if lead_frames is None else lead_frames
    turned = random.random() < 0.3
    yaw = float(
        random.uniform(8.0, LARGEST_YAW) * random.choice((-1, 1)) if turned else random.uniform(-6, 6)
    )

    said = speak(text, talker.voice, words=None if transcript is None else tuple(transcript.split()))
    start = FIRST_SOUND + 0.2 * float(random.random())
    if seconds is None:
        frames = int(np.ceil((start + said.seconds + 0.2) * FPS))
    else:
        frames = round(seconds * FPS)
        start = max(FIRST_SOUND, min(start, frames / FPS - said.seconds - LAST_SILENCE))
    said = place(said, frames / FPS, start)
    pose = Pose(
        **track_mouth(said.phones, frames, fps=FPS, lead_frames=lead, effort=talker.effort),
        **track_head(said.words, frames, random, fps=FPS, yaw=yaw),
    )
    if noise_snr is not None:
        said = add_noise(said, noise_snr, random)
    pictures, landmarks = render(talker.identity, pose, size)
    return Clip(
        key=key,
        talker=talker.name,
        frames=pictures,
        fps=FPS,
        waveform=said.waveform,
        sample_rate=SAMPLE_RATE,
        origin=ORIGIN,
        transcript=" ".join(text.split()) if transcript is None else transcript,
        words=said.words,
        phones=said.phones,
        landmarks=landmarks,
        metadata={
            "lead_frames": lead,
            "yaw_degrees": round(yaw, 3),
            "noise_snr": noise_snr,
            "voice": talker.voice.name,
            "beard": talker.identity.beard,
            "glasses": talker.identity.glasses,
        },
    )

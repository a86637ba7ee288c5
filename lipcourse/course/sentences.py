"""Batches of a few clips in memory: what a network can learn while somebody waits for it.

Of one puppet, there is one face to learn, and all the rest is what is said. Nothing is written to disk.
Taught in notebook 10.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from lipcourse.corpora.puppet.writer import PuppetOptions
from lipcourse.errors import OptionError
from lipcourse.windows.batches import SYSTEMS, Cut, GlanceBatch, Parts
from lipcourse.windows.prepare import prepare_clip
from lipcourse.windows.prepared import PreparedClip, encode_clip


def one_puppet(count: int, seed: int = 1) -> list[PreparedClip]:
    """Draw so many sentences of one puppet, whose lips move with its sound.

    Args:
        count: How many.
        seed: Another seed is another puppet.
    """
    corpus = PuppetOptions(clips=count, talkers=1, lead_frames=0, seed=seed).open()
    return [prepare_clip(clip, "train") for clip in corpus.clips()]


class Sentences:
    """Windows of a few clips: of all but the last to learn from, of the last to look at.

    Args:
        clips: Three or more, since a mismatch needs another one.
        batch: Windows in a batch.
        frames: Frames of a window to learn from.
        shown_frames: Frames of the window to look at.
        seed: Of the choice of windows.

    Attributes:
        transcripts: What is said, clip by clip.

    Raises:
        OptionError: There are too few clips.
    """

    def __init__(
        self,
        clips: Sequence[PreparedClip],
        *,
        batch: int = 2,
        frames: int = 8,
        shown_frames: int = 16,
        seed: int = 1,
    ) -> None:
        if len(clips) < 3:
            raise OptionError(f"{len(clips)} clips are too few", remedy="give 3 or more")
        self.transcripts = tuple(clip.transcript for clip in clips)
        self._keys = tuple(clip.key for clip in clips)
        self._talkers = tuple(clip.talker for clip in clips)
        # By way of what is written to disk elsewhere, so that nothing differs from a real training.
        self._parts: Sequence[Parts] = [SYSTEMS["glance"].decode(encode_clip(clip)) for clip in clips]
        self._batch, self._frames, self._shown_frames, self._seed = batch, frames, shown_frames, seed

    def draw(self, step: int) -> GlanceBatch:
        """Return the batch of a step: always the same one for the same step."""
        dice = torch.Generator().manual_seed(1_000_003 * self._seed + step)
        known = len(self._parts) - 1
        chosen = torch.randint(known, (self._batch,), generator=dice)
        others = (chosen + torch.randint(1, known, (self._batch,), generator=dice)) % known
        cuts = [
            self._cut(int(clip), int(other), self._frames, *torch.rand(3, generator=dice).tolist())
            for clip, other in zip(chosen, others, strict=True)
        ]
        return SYSTEMS["glance"].cut(cuts, self._frames)  # type: ignore[return-value]

    def shown(self) -> GlanceBatch:
        """Return the window to look at, from the middle of the last sentence, which is not learned from."""
        cut = self._cut(len(self._parts) - 1, 0, self._shown_frames, 0.4, 0.0, 0.4)
        return SYSTEMS["glance"].cut([cut], self._shown_frames)  # type: ignore[return-value]

    def _cut(self, clip: int, other: int, frames: int, start: float, image: float, other_start: float) -> Cut:
        """Choose a window; its places in the clips are given as shares of their lengths."""
        lengths = [len(self._parts[each]["pictures"]) for each in (clip, other)]
        return Cut(
            self._keys[clip],
            self._talkers[clip],
            self._parts[clip],
            int(start * (lengths[0] - frames + 1)),
            int(image * lengths[0]),
            self._parts[other],
            int(other_start * (lengths[1] - frames + 1)),
        )

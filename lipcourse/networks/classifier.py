"""The viseme classifier: which of eight kinds of mouth is this a picture of?

    picture (N,3,64,64) -> less its mean colour, divided by contrast -> three convolutions -> (N,8)

It is there for the inception-style score (`lipcourse.metrics.inception`), which asks whether each picture is
clearly of some class, and all of them together are of many. For lips, classes of looks make sense of both:
noise is clearly of none, and a mouth that stands still is always of the same. Classes of talkers would praise
it: it is clearly somebody's. Blur hardly matters, since the shape of a mouth outlives it.

Phones that look alike are a viseme; which do is disputed: H. L. Bear and R. Harvey, "Phoneme-to-viseme
mappings: the good, the bad, and the ugly" (Speech Communication 2017), compare 120 answers. Here a phone that
the tongue makes, such as T or K, is of none: it is spoken with whatever lips its neighbours have. Nor are
diphthongs that go from one class to another. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lipcourse.errors import SignalError
from lipcourse.metrics.images import colour_planes
from lipcourse.networks.layers import channels, convolution, expect, initialise_he

VISEMES: Mapping[str, tuple[str, ...]] = {
    "closed": ("P", "B", "M"),
    "lip on teeth": ("F", "V"),
    "teeth": ("S", "Z"),
    "pouted": ("SH", "ZH", "CH", "JH", "R", "ER"),
    "round": ("W", "UW", "UH", "OW", "AO"),
    "open": ("AA", "AE", "AH"),
    "wide": ("IY", "IH", "EH", "EY"),
}
"""The phones (ARPABET) of each kind of mouth; that of silence is one more."""

CLASSES = (*VISEMES, "silent")
"""The names of the classes, in the order of the network's answers."""

SILENT = CLASSES.index("silent")
CLASS_OF = {phone: number for number, phones in enumerate(VISEMES.values()) for phone in phones}
"""The class of each phone that has one."""

LEAST_CONTRAST = 0.05
"""Of a flat picture, so that noise is not enlarged without end."""

TOGETHER = 24
"""Pictures that go through the network at once: so many fit in a processor's cache."""


class VisemeClassifier(nn.Module):
    """A classifier of single pictures: 32 000 parameters and 1.2 million multiplications at width 1.

    Source: see the module. Taught in notebook 12.

    Args:
        width: Scales the channels of all convolutions.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        sixteen, thirty_two, sixty_four = (channels(count, width) for count in (16, 32, 64))
        self.features = nn.Sequential(
            convolution(3, sixteen, (7, 7), 4),
            convolution(sixteen, thirty_two, (3, 3), 2),
            convolution(thirty_two, sixty_four, (3, 3), 2),
            nn.Flatten(),
            nn.Dropout(0.3),
        )
        self.answer = nn.Linear(sixty_four * 4 * 4, len(CLASSES))
        initialise_he(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return a number for each class, the larger the likelier (logits).

        Args:
            pictures: (N, 3, 64, 64), RGB in [-1, 1].

        Returns:
            (N, 8), in the order of `CLASSES`.

        Raises:
            ModelError: The pictures have another shape.
        """
        expect(pictures, "pictures", ("N", 3, 64, 64))
        seen = pictures - pictures.mean(dim=(2, 3), keepdim=True)
        contrast = seen.square().mean(dim=(1, 2, 3), keepdim=True).add(LEAST_CONTRAST**2).sqrt()
        answer: Tensor = self.answer(self.features(seen / contrast))
        return answer

    @torch.no_grad()
    def likelihoods(self, pictures: Tensor) -> Tensor:
        """Return how likely each class is, for a network in `eval` mode.

        Args:
            pictures: (N, 3, 64, 64), RGB in [-1, 1].

        Returns:
            (N, 8), each row 1 in all.

        Raises:
            ModelError: The pictures have another shape.
        """
        return torch.cat([self(part).softmax(dim=1) for part in torch.split(pictures, TOGETHER)])

    def probabilities(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Return how likely each class is, for a network in `eval` mode.

            inception_score(classifier.probabilities(frames))  # lipcourse.metrics.inception

        Args:
            pictures: Mouth crops, uint8 (N, 64, 64, 3), RGB: such as all frames of many clips, shuffled.

        Returns:
            float32 (N, 8), each row 1 in all, on the CPU.

        Raises:
            SignalError: These are no pictures of mouths.
        """
        if pictures.ndim != 4 or pictures.shape[1:] != (64, 64, 3) or pictures.dtype != np.uint8:
            raise SignalError(
                f"an array of shape {pictures.shape} and type {pictures.dtype} holds no pictures of mouths",
                remedy="give RGB levels, uint8 (N, 64, 64, 3)",
            )
        device = next(self.parameters()).device
        parts = torch.split(torch.from_numpy(np.ascontiguousarray(pictures)), TOGETHER)
        return torch.cat(
            [self.likelihoods(colour_planes(part.to(device)) / 127.5 - 1).cpu() for part in parts]
        )

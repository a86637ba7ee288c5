"""Hair, beards and scarves: strands drawn along a flow, behind and in front of the face, once a talker."""

from __future__ import annotations

import numpy as np

from lipcourse.corpora.puppet.drawing import Easel
from lipcourse.corpora.puppet.geometry import Array
from lipcourse.corpora.puppet.identity import Identity

Layer = tuple[Array, Array]


def paint_hair(identity: Identity, easel: Easel) -> tuple[Layer, Layer]:
    empty = np.zeros((easel.side, easel.side, 3)), np.zeros((easel.side, easel.side))
    return empty, empty

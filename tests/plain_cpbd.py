"""CPBD as its definition reads, pixel by pixel: what tests and benchmarks compare to, not a test itself.

Its values are those of PyPI's `cpbd` 1.0.7 to the last bit or two (checked on 189 real and made frames, with
scikit-image 0.26 underneath and the import of `scipy.ndimage.imread`, gone since SciPy 1.2, taken out).
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import NDArray

Table = list[list[float]]


def cpbd_by_loops(picture: NDArray[np.uint8]) -> float:
    """Return the CPBD of a grey picture (H, W)."""
    levels = [[float(level) for level in row] for row in picture]
    edges, widths = canny_by_loops(levels), widths_by_loops(levels)
    histogram = [0] * 101
    for top in range(0, len(levels) - 63, 64):
        for left in range(0, len(levels[0]) - 63, 64):
            block = [(top + y, left + x) for y, x in product(range(64), range(64))]
            if sum(edges[y][x] for y, x in block) <= 0.002 * 64 * 64:
                continue
            seen = [levels[y][x] for y, x in block]
            just_noticeable = 5 if max(seen) - min(seen) <= 50 else 3
            for y, x in block:
                if widths[y][x]:
                    noticed = 1 - math.exp(-((widths[y][x] / just_noticeable) ** 3.6))
                    histogram[round(100 * noticed)] += 1
    return sum(histogram[:64]) / max(sum(histogram), 1)


def widths_by_loops(levels: Table) -> Table:
    """Return how wide the edge at each pixel is, and 0 where there is none."""
    height, width = len(levels), len(levels[0])
    angles = [[_angle(levels, y, x) for x in range(width)] for y in range(height)]
    widths = [[0.0] * width for _ in range(height)]
    if not any(map(any, angles)):
        return widths
    edges = _sobel_edges(levels)
    for y, x in product(range(1, height - 1), range(1, width - 1)):
        direction = 45 * round(angles[y][x] / 45)
        if edges[y][x] and direction in (0, 180, -180):
            sign = 1 if direction == 0 else -1  # of the change from left to right
            widths[y][x] = _steps(levels[y], x, -1, -sign) + _steps(levels[y], x, 1, sign)
    return widths


def _angle(levels: Table, y: int, x: int) -> float:
    """Return the direction in which it grows brighter, in degrees; 0 where it does not along the row."""

    def slope(before: float, here: float, after: float, first: bool, last: bool) -> float:
        return after - here if first else here - before if last else (after - before) / 2

    height, width = len(levels), len(levels[0])
    row, column = levels[y], [line[x] for line in levels]
    across = slope(row[x - 1], row[x], row[min(x + 1, width - 1)], x == 0, x == width - 1)
    down = slope(column[y - 1], column[y], column[min(y + 1, height - 1)], y == 0, y == height - 1)
    return math.degrees(math.atan2(down, across)) if across else 0.0


def _steps(row: list[float], start: int, side: int, sign: int) -> int:
    """Count the pixels from `start` to where brightness stops to grow (sign 1) or to fall (-1)."""
    count = 1
    x = start + side
    while count <= 100 and 0 <= x + side < len(row) and sign * (row[x + side] - row[x]) > 0:
        count, x = count + 1, x + side
    return count


def _sobel_edges(levels: Table) -> list[list[bool]]:
    height, width = len(levels), len(levels[0])
    slopes = _sobel(levels)[1]
    strength = [[(slope / 8) ** 2 for slope in row] for row in slopes]
    limit = 2 * math.sqrt(sum(map(sum, strength)) / (height * width))
    strength = [[value if value > limit else 0.0 for value in row] for row in strength]

    def at(y: int, x: int) -> float:
        return strength[y][x] if 0 <= y < height and 0 <= x < width else 0.0

    return [
        [
            at(y, x) > max(at(y, x - 1), at(y, x + 1)) or at(y, x) > max(at(y - 1, x), at(y + 1, x))
            for x in range(width)
        ]
        for y in range(height)
    ]


def _sobel(levels: Table) -> tuple[Table, Table]:
    """Return eight times the slopes down and across; beyond the border the border goes on."""
    height, width = len(levels), len(levels[0])

    def at(y: int, x: int) -> float:
        return levels[min(max(y, 0), height - 1)][min(max(x, 0), width - 1)]

    weights = (-1, 1), (0, 2), (1, 1)
    down, across = ([[0.0] * width for _ in range(height)] for _ in range(2))
    for y, x in product(range(height), range(width)):
        down[y][x] = sum(weight * (at(y + 1, x + k) - at(y - 1, x + k)) for k, weight in weights)
        across[y][x] = sum(weight * (at(y + k, x + 1) - at(y + k, x - 1)) for k, weight in weights)
    return down, across


def canny_by_loops(levels: Table, low: float = 0.1, high: float = 0.2) -> list[list[bool]]:
    """Return where Canny's method finds edges: smoothed by 1 pixel, crests, hysteresis."""
    height, width = len(levels), len(levels[0])
    down, across = _sobel(_smooth(levels))
    steep = [
        [math.hypot(*pair) for pair in zip(*rows, strict=True)] for rows in zip(down, across, strict=True)
    ]
    crest = set()
    for y, x in product(range(1, height - 1), range(1, width - 1)):
        if steep[y][x] < low:
            continue
        # Where the line along the gradient leaves the square of neighbours: at (dy, dx), its longer side 1.
        longer = max(abs(down[y][x]), abs(across[y][x]))
        dy, dx = down[y][x] / longer, across[y][x] / longer
        if max(_between(steep, y, x, dy, dx), _between(steep, y, x, -dy, -dx)) <= steep[y][x]:
            crest.add((y, x))
    edges = {(y, x) for y, x in crest if steep[y][x] >= high}
    new = list(edges)
    while new:  # an edge goes on along the crest
        y, x = new.pop()
        near = {(y + dy, x + dx) for dy, dx in product((-1, 0, 1), repeat=2)} & crest - edges
        edges |= near
        new += near
    return [[(y, x) in edges for x in range(width)] for y in range(height)]


def _between(values: Table, y: int, x: int, dy: float, dx: float) -> float:
    """Return a value on the square around a pixel, between two of its neighbours."""
    if abs(dx) == 1:
        straight, share = values[y][x + int(dx)], abs(dy)
    else:
        straight, share = values[y + int(dy)][x], abs(dx)
    corner = values[y + (1 if dy > 0 else -1)][x + (1 if dx > 0 else -1)]
    return corner * share + straight * (1 - share)


def _smooth(levels: Table) -> Table:
    """Return Gaussian means, standard deviation 1, over the pixels within 4 that there are."""
    bell = [math.exp(-0.5 * k * k) for k in range(-4, 5)]

    def along(rows: Table) -> Table:
        means = []
        for row in rows:
            padded = [0.0] * 4 + row + [0.0] * 4
            there = [0.0] * 4 + [1.0] * len(row) + [0.0] * 4
            means.append(
                [
                    sum(w * v for w, v in zip(bell, padded[x : x + 9], strict=True))
                    / sum(w * v for w, v in zip(bell, there[x : x + 9], strict=True))
                    for x in range(len(row))
                ]
            )
        return means

    def turned(rows: Table) -> Table:
        return [list(column) for column in zip(*rows, strict=True)]

    return turned(along(turned(along(levels))))

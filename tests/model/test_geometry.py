"""From an affine to attributes: rounding, order, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from judges.volumes import affine_of, rotation
from napari_dicom_writer import GeometryError, Volume
from napari_dicom_writer.model.geometry import (
    MAX_DISPLACEMENT,
    compose_affine,
    is_sheared,
    largest_displacement,
    orthogonal_affine,
    patient_letters,
)
from napari_dicom_writer.plan.grid import make_grid

SHAPE = (7, 5, 6)
SEEDS = range(20)


def random_affine(seed: int) -> np.ndarray:
    """Any orthogonal grid: rotated, perhaps left-handed, spacing over ten decades, meters from the origin."""
    rng = np.random.default_rng(seed)
    flips = np.diag(rng.choice([-1, 1], 3))
    return affine_of(rotation(rng) @ flips @ np.diag(10.0 ** rng.uniform(-5, 2, 3)), rng.uniform(-1000, 1000, 3))


def numbers(texts) -> np.ndarray:
    assert all(len(text) <= 16 for text in texts), "a DS has at most 16 bytes"
    return np.array(texts, float)


@pytest.mark.parametrize("seed", SEEDS)
def test_cosines_stay_orthonormal_and_spacing_keeps_its_digits(seed):
    affine = random_affine(seed)
    grid = make_grid(affine, SHAPE)
    cosines = numbers(grid.orientation).reshape(2, 3)
    np.testing.assert_allclose(cosines @ cosines.T, np.eye(2), atol=1e-12)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    np.testing.assert_allclose(numbers(grid.pixel_spacing), lengths[1:], rtol=1e-9)
    np.testing.assert_allclose(numbers([grid.spacing_between_planes]), lengths[:1], rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_positions_follow_the_affine_without_adding_up_rounding(seed):
    affine = random_affine(seed)
    grid = make_grid(affine, (1000, 5, 6))
    for plane in (0, 1, 500, 999):
        expected = affine[:3, 3] + plane * affine[:3, 0]
        np.testing.assert_allclose(numbers(grid.places([plane])[0][0]), expected, rtol=1e-9, atol=1e-7)
        assert float(grid.places([plane])[0][1]) == pytest.approx(expected @ grid.normal, rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_grid_puts_every_corner_where_the_affine_does(seed):
    affine = random_affine(seed)
    grid = make_grid(affine, SHAPE)
    # A DS keeps ten digits of a spacing; the grid may be off by that much over its extent.
    assert largest_displacement(affine, grid.affine(), SHAPE) < 1e-7


@pytest.mark.parametrize("flip", [(1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1), (-1, -1, -1)])
def test_only_a_left_handed_grid_is_reversed(flip):
    affine = compose_affine((2.5, 0.8, 0.7)) @ np.diag([*flip, 1])
    grid = make_grid(affine, SHAPE)
    assert grid.reversed == (np.prod(flip) < 0)
    first, second = (5, 4) if grid.reversed else (4, 5)
    step = numbers(grid.places([second])[0][0]) - numbers(grid.places([first])[0][0])
    assert step @ grid.normal == pytest.approx(2.5)


@pytest.mark.parametrize(("known", "thickness"), [(True, "2.5"), (False, "")])
def test_a_single_plane_keeps_the_thickness_it_has(known, thickness):
    grid = make_grid(compose_affine((2.5, 0.8, 0.7), (1, 2, 3)), (1, 4, 5), thickness_known=known)
    assert (grid.spacing_between_planes, grid.reversed) == (thickness, False)
    assert grid.places([0])[0][0] == ("1", "2", "3")


def test_rounding_noise_is_not_written():
    quarter = np.array([[0, 0, 1], [np.cos(np.pi / 2), 1, 0], [1, np.cos(np.pi / 2), 0]])
    grid = make_grid(affine_of(quarter, (1e-17, 0, 0)), SHAPE)
    assert grid.orientation == ("1", "0", "0", "0", "1", "0")
    assert grid.places([0])[0][0] == ("0", "0", "0")


@pytest.mark.parametrize(
    ("matrix", "what"),
    [
        (np.diag([np.nan, 1, 1, 1]), "NaN or infinite"),
        (affine_of(np.eye(3), (0, np.inf, 0)), "NaN or infinite"),
        (np.diag([0, 1, 1, 1]), "spacing along the plane axis is 0"),
        (np.diag([1, 1, 1e31, 1]), "spacing along the column axis is 1e\\+31"),
        (affine_of([[1, 1, 0], [1, 1, 0], [0, 0, 1]]), "singular"),
        (np.eye(3), "4×4"),
        (np.diag([1, 1, 1, 2]), "4×4"),
    ],
)
def test_geometry_that_places_voxels_nowhere_is_refused(matrix, what):
    with pytest.raises(GeometryError, match=what):
        make_grid(np.array(matrix, float), SHAPE)


@pytest.mark.parametrize(
    ("axis", "toward", "named"), [(1, 2, "row and column"), (0, 1, "plane and row"), (0, 2, "plane and column")]
)
def test_a_shear_is_refused_by_its_angle_and_axes(axis, toward, named):
    affine = compose_affine((1, 1, 1))
    affine[:3, axis] += np.tan(np.radians(12)) * affine[:3, toward]
    with pytest.raises(GeometryError, match=f"{named} axes are 12° off.*shear='resample'"):
        make_grid(affine, SHAPE)


@pytest.mark.parametrize("part", [0.9, 1.1])
def test_a_shear_counts_by_the_displacement_of_the_farthest_voxel(part):
    affine = compose_affine((1, 1, 1))
    affine[0, 0] = part * MAX_DISPLACEMENT / 100
    assert is_sheared(affine, (101, 5, 5)) == (part > 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_orthogonal_grid_keeps_rows_and_plane_distances(seed):
    rng = np.random.default_rng(seed)
    affine = affine_of(rotation(rng) @ np.diag([3, 2, 1]) @ (np.eye(3) + np.triu(rng.uniform(-0.5, 0.5, (3, 3)), 1)))
    straight = orthogonal_affine(affine)
    steps = straight[:3, :3] / np.linalg.norm(straight[:3, :3], axis=0)
    np.testing.assert_allclose(steps.T @ steps, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(straight[:3, 2], affine[:3, 2])
    # Volume of a voxel, and with it the distance between planes and rows.
    assert np.linalg.det(straight) == pytest.approx(np.linalg.det(affine))


@pytest.mark.parametrize(
    ("vector", "letters"),
    [
        ((1, 0, 0), "L"),
        ((-1, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, -2, 0), "A"),
        ((0, 0, 1), "H"),
        ((0, 0, -1), "F"),
        ((0.6, -0.3, 0.1), "LAH"),
        ((0.05, 1, 0), "P"),
    ],
)
def test_directions_have_the_letters_of_the_standard(vector, letters):
    assert patient_letters(vector) == letters


def test_a_volume_takes_its_geometry_in_parts_or_whole():
    rng = np.random.default_rng(0)
    direction, position = rotation(rng), rng.uniform(-100, 100, 3)
    array = np.zeros(SHAPE, "u1")
    parts = Volume(array, spacing=np.array([3, 2, 1]), position=position, direction=direction)
    whole = Volume(array, affine=affine_of(direction @ np.diag([3, 2, 1]), position))
    np.testing.assert_allclose(parts.affine, whole.affine)
    np.testing.assert_array_equal(parts.affine[:3, 3], position)


@pytest.mark.parametrize(
    "keywords",
    [
        {"spacing": (1, 1)},
        {"spacing": (1, 1, 1), "position": (0, 0)},
        {"spacing": (1, 1, 1), "direction": np.eye(2)},
        {"spacing": (1, 0, 1)},
        {"spacing": (1, -1, 1)},
        {"spacing": (1, np.nan, 1)},
        {"spacing": (1, 1, 1), "affine": np.eye(4)},
    ],
)
def test_a_volume_refuses_geometry_of_the_wrong_shape_or_sign(keywords):
    with pytest.raises(GeometryError):
        Volume(np.zeros(SHAPE, "u1"), **keywords)

"""From layer tuples to volumes: what is read, assumed, announced and refused. Placement is tested in test_placement."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_dicom_writer import ExportError, ExportOptions, GeometryError, LayerError, NoteKind
from napari_dicom_writer.layers.to_volume import data_to_world, to_volume

OPTIONS = ExportOptions()
DATA = np.zeros((3, 4, 5), np.uint8)


def volume(data=DATA, options=OPTIONS, **attributes):
    return to_volume(data, attributes, "image", options)


def notes(made) -> list[str]:
    return [note.text for note in made.notes]


def test_nothing_but_data_is_enough():
    made = volume()
    assert (made.axes, made.rgb, made.name, made.window) == (("plane", "row", "column"), False, "", None)
    assert notes(made) == ["Unit `pixel` taken as mm"]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_the_world_matrix_is_the_layers_own(seed):
    rng = np.random.default_rng(seed)
    ndim = int(rng.integers(2, 6))
    affine = np.eye(ndim + 1)
    affine[:ndim] += rng.normal(size=(ndim, ndim + 1)) * 0.3
    rotate, _ = np.linalg.qr(rng.normal(size=(ndim, ndim)))
    layer = Image(
        np.zeros((2,) * ndim),
        scale=rng.uniform(0.1, 3, ndim) * rng.choice([-1, 1], ndim),
        translate=rng.normal(size=ndim) * 10,
        rotate=rotate,
        shear=rng.normal(size=ndim * (ndim - 1) // 2) * 0.3,
        affine=affine,
    )
    _, attributes, _ = layer.as_layer_data_tuple()
    matrix = data_to_world(attributes, ndim)
    for _ in range(5):
        index = rng.uniform(-3, 3, ndim)
        np.testing.assert_allclose((matrix @ (*index, 1))[:ndim], layer._data_to_world(index), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("ndim", [2, 3, 4])
@pytest.mark.parametrize(
    "short",
    [
        {"scale": (3, 2)},
        {"translate": (10, 20)},
        {"rotate": 30},
        {"rotate": (10, 20, 30)},
        {"rotate": [[0.0, 1.0], [-1.0, 0.0]]},
        {"shear": (0.5,)},
        {"affine": np.array([[2.0, 0.1, 5], [0, 3, 6], [0, 0, 1]])},
        {"scale": (3, 2), "translate": (10, 20), "rotate": 30, "affine": np.diag([2.0, 3, 1])},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_what_is_given_for_fewer_axes_is_for_the_last_ones(short, ndim):
    if ndim == 2 and np.size(short.get("rotate", 0)) == 3:
        pytest.skip("three angles need three axes")
    layer = Image(np.zeros((2,) * ndim), **short)
    matrix = data_to_world(short, ndim)
    index = np.arange(ndim) + 1.0
    np.testing.assert_allclose((matrix @ (*index, 1))[:ndim], layer._data_to_world(index), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("labels", "units", "axes"),
    [
        (("t", "z", "y", "x"), ("pixel",) * 4, ("time", "plane", "row", "column")),
        (("T", "Z", "Y", "X"), ("pixel",) * 4, ("time", "plane", "row", "column")),
        (("-4", "-3", "-2", "-1"), ("s", "um", "um", "um"), ("time", "plane", "row", "column")),
        (("-4", "-3", "-2", "-1"), ("pixel",) * 4, ("", "plane", "row", "column")),
        (("channel", "z", "y", "x"), ("pixel",) * 4, ("channel", "plane", "row", "column")),
        (("angle", "z", "y", "x"), ("pixel",) * 4, ("angle", "plane", "row", "column")),
        (("z", "c", "y", "x"), ("pixel",) * 4, ("plane", "channel", "row", "column")),
        (("t", "c", "y", "x"), ("pixel",) * 4, ("time", "channel", "row", "column")),
        (("z", "y", "x", "t"), ("mm", "mm", "mm", "s"), ("plane", "row", "column", "time")),
        (("z", "t", "y", "x"), ("pixel",) * 4, ("plane", "time", "row", "column")),
        (("z", "y", "Time / s", "x"), ("pixel",) * 4, ("plane", "row", "time", "column")),
        (("well", "time [ms]", "y", "x"), ("um",) * 4, ("well", "time", "row", "column")),
        (("row", "column", "y", "x"), ("pixel",) * 4, ("row axis", "column axis", "row", "column")),
        (("Row", "Col", "height", "width"), ("pixel",) * 4, ("Row", "Col", "row", "column")),
        (("plate row", "plate column", "y", "x"), ("um",) * 4, ("plate row", "plate column", "row", "column")),
        (("u", "v", "y", "x"), ("pixel",) * 4, ("u", "v", "row", "column")),
        (("shoe", "size", "y", "x"), ("um",) * 4, ("shoe", "size", "row", "column")),
        (("shoe", "tilt", "y", "x"), ("mm", "deg", "mm", "mm"), ("plane", "tilt", "row", "column")),
        (("shoe", "size", "y", "x"), ("mm", "deg", "mm", "mm"), ("plane", "size", "row", "column")),
        (("echo time", "z", "y", "x"), ("ms", "mm", "mm", "mm"), ("echo time", "plane", "row", "column")),
        (("N", "C", "H", "W"), ("pixel",) * 4, ("N", "channel", "row", "column")),
        (("depth", "frame", "height", "width"), ("pixel",) * 4, ("plane", "time", "row", "column")),
        (("-4", "-3", "-2", "-1"), ("deg", "mm", "mm", "mm"), ("deg axis", "plane", "row", "column")),
        (("t", "S", "A", "R"), ("pixel",) * 4, ("time", "plane", "row", "column")),
    ],
)
def test_axes_are_told_apart_by_label_then_unit(labels, units, axes):
    made = volume(np.zeros((2, 3, 4, 5), np.uint8), axis_labels=labels, units=units)
    assert made.axes == axes


def test_units_are_converted_each():
    made = volume(units=("um", "cm", "m"), scale=(500, 2, 0.001))
    np.testing.assert_allclose(np.diag(made.affine[:3, :3][::-1]), [0.5, 20, 1])
    assert not made.notes
    mixed = volume(units=("um", "pixel", "pixel"), axis_labels=("z", "y", "x"), options=ExportOptions(pixel_unit="um"))
    assert notes(mixed) == ["Unit `pixel` taken as um (axes y, x)"]
    np.testing.assert_allclose(np.diag(mixed.affine[:3, :3][::-1]), [0.001, 0.001, 0.001])
    odd = volume(options=ExportOptions(pixel_unit="0.65 um"))
    np.testing.assert_allclose(odd.affine[0, 2], 0.00065)


def test_a_length_is_no_time():
    """`units="um"` goes to all axes, the time axis included."""
    made = volume(np.zeros((3, 4, 5, 6)), axis_labels=("t", "z", "y", "x"), units="um", scale=(1000, 1, 1, 1))
    assert made.time_step is None


def test_an_axis_with_another_name_is_announced():
    attributes = {"axis_labels": ("ventral", "y", "x"), "units": ("nm", "mm", "mm"), "scale": (10, 1, 1)}
    assert any("'ventral' is taken as one of the image's own" in text for text in notes(volume(**attributes)))


def test_wavelengths_are_no_places():
    made = volume(axis_labels=("wavelength", "y", "x"), units=("nm", "mm", "mm"), scale=(10, 1, 1))
    assert made.axes == ("channel", "row", "column")
    assert any("steps of 10 nm from 0 nm, which are not written" in text for text in notes(made))


def test_time_labels_may_name_their_unit():
    assert volume(np.zeros((2, 3, 4, 5)), axis_labels=("Time (s)", "z", "y", "x")).leading == ("time",)


@pytest.mark.parametrize("noise", [1e-17, -3.7e-17])
def test_rounding_noise_between_time_and_space_is_none(noise):
    affine = np.eye(5)
    affine[1, 0] = noise
    assert volume(np.zeros((2, 3, 4, 5)), axis_labels=("t", "z", "y", "x"), affine=affine).leading == ("time",)


@pytest.mark.parametrize(
    ("label", "unit", "step", "start"),
    [("t", "s", 2, 30), ("t", "ms", 0.002, 0.03), ("Time (min)", "pixel", 120, 1800), ("time [s]", "um", 2, 30)],
)
def test_the_start_of_time_is_kept(label, unit, step, start):
    attributes = {"axis_labels": (label, "z", "y", "x"), "units": (unit, "um", "um", "um")}
    made = volume(np.zeros((2, 3, 4, 5)), scale=(2, 1, 1, 1), translate=(30, 0, 0, 0), **attributes)
    assert (made.time_step, made.time_start) == pytest.approx((step, start))


def test_a_start_of_time_without_a_unit_is_said_to_be_lost():
    made = volume(np.zeros((2, 3, 4, 5)), translate=(30, 0, 0, 0), axis_labels=("t", "z", "y", "x"))
    assert any("Time begins at 30 of an unknown unit" in text for text in notes(made))


def test_colors_that_were_not_guessed_are_announced():
    made = volume(np.zeros((64, 64, 3), np.uint8))
    assert any("3 long, is taken as columns" in text for text in notes(made))
    assert not any("columns" in text for text in notes(volume(np.zeros((64, 64, 3), np.uint8), rgb=False)))


def test_time_that_runs_backwards_is_announced():
    units = ("s", "mm", "mm", "mm")
    made = volume(np.zeros((2, 3, 4, 5)), scale=(-2, 1, 1, 1), units=units)
    assert made.time_step == 2
    assert any("backwards" in text for text in notes(made))


@pytest.mark.parametrize("limits", [(None, None), 3, "ab", (0, 10**400), (1,), ()])
def test_limits_that_are_none_are_left_out(limits):
    made = volume(contrast_limits=limits)
    assert made.window is None
    assert any("no pair of numbers" in text for text in notes(made)) == (limits != (None, None))


def test_world_ras_turns_x_and_y():
    lps, ras = (volume(translate=(1, 2, 3), units=("mm",) * 3, options=ExportOptions(world=w)) for w in ("LPS", "RAS"))
    np.testing.assert_array_equal(ras.affine, np.diag([-1, -1, 1, 1]) @ lps.affine)


def test_a_plane_lies_at_zero_and_says_so():
    made = volume(np.zeros((4, 5)), scale=(2, 3), translate=(10, 20), units=("mm", "mm"))
    np.testing.assert_array_equal(made.affine, [[0, 0, 3, 20], [0, 2, 0, 10], [1, 0, 0, 0], [0, 0, 0, 1]])
    assert notes(made) == ["A 2-D layer: its plane taken as axial, at z = 0"]
    raised = volume(np.zeros((4, 5)), scale=(2, 3), translate=(10, 20), units=("um", "um"), z=12.5)
    np.testing.assert_array_equal(raised.affine[:3, 3], [0.02, 0.01, 12.5])
    assert notes(raised) == []


def test_rgb_is_trusted_and_not_guessed():
    colors = np.zeros((4, 5, 3), np.uint8)
    assert volume(colors, rgb=True).samples == 3
    assert volume(colors).shape == (4, 5, 3)


def test_what_napari_shows_and_dicom_does_not_is_said():
    layer = Image(DATA, colormap="viridis", gamma=0.5, units=("mm",) * 3)
    made = to_volume(*layer.as_layer_data_tuple(), OPTIONS)
    assert [note.kind for note in made.notes] == [NoteKind.LOST] * 2
    assert "'viridis'" in notes(made)[0]
    assert "Gamma 0.5" in notes(made)[1]
    assert not to_volume(*Image(DATA, units=("mm",) * 3).as_layer_data_tuple(), OPTIONS).notes


def test_labels_in_an_odd_order_are_said():
    assert any("x, y, z are placed as napari shows them" in n for n in notes(volume(axis_labels=("x", "y", "z"))))


def test_a_real_multiscale_layer_gives_its_full_resolution():
    levels = [np.arange(64 * 64, dtype=np.uint16).reshape(64, 64), np.zeros((32, 32), np.uint16)]
    made = to_volume(*Image(levels, multiscale=True).as_layer_data_tuple(), OPTIONS)
    np.testing.assert_array_equal(made.array, levels[0])


@pytest.mark.parametrize("kind", ["points", "shapes", "surface", "tracks", "vectors", "graph"])
def test_other_layers_are_refused_by_name(kind):
    with pytest.raises(LayerError, match=f"It is a {kind} layer"):
        to_volume(DATA, {}, kind, OPTIONS)


@pytest.mark.parametrize(
    "attributes",
    [
        {"axis_labels": ("t", "t", "y", "x")},
        {"axis_labels": ("t", "c", "c", "x")},
        {"axis_labels": ("z", "y", "x")},
        {"units": ("mm", "mm")},
        {"axis_labels": ("t", "z", "y", "x"), "units": ("s", "s", "mm", "mm")},
        {"scale": (1, 1, 1, 1, 1)},
        {"affine": np.eye(7)},
        {"rotate": (1, 2)},
        {"axes": "TZYXS"},
        {"axes": "TZYC"},
        {"axes": "SZYX"},
        {"axes": ("time", "time", "row", "column")},
        {"units": ("mm", "kelvin", "mm", "mm")},
        {"affine": np.eye(5) + np.eye(5, k=1), "axis_labels": ("t", "z", "y", "x")},
    ],
    ids=str,
)
def test_axes_that_cannot_be_understood_are_refused(attributes):
    with pytest.raises((LayerError, GeometryError)) as error:
        volume(np.zeros((2, 3, 4, 5)), **attributes)
    assert isinstance(error.value, ExportError)
    assert error.value.refusals[0].remedy

"""Every letter of every cut stands where the patient has that side; the sections are the array's own voxels."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import zarr

from judges.glyphs import dots
from judges.sources import SlowArray
from judges.volumes import SHAPE, SPACING, affine_of, indexed, oblique, rotation
from napari_dicom_writer import Volume
from napari_dicom_writer._napari.dock.preview.cuts import Cut, make_cuts
from napari_dicom_writer._napari.dock.preview.placement_text import cut_text, placement_lines
from napari_dicom_writer._napari.dock.preview.sections import read_sections, to_8_bit
from napari_dicom_writer.demo.phantom import LETTER, Glyph, glyphs, orientation_phantom
from napari_dicom_writer.errors import ExportCancelled
from napari_dicom_writer.model.resample import resample
from napari_dicom_writer.plan.grid import Grid, make_grid

TOWARD = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1)}
CONVENTION = {"axial": ("R", "L", "A", "P"), "coronal": ("R", "L", "H", "F"), "sagittal": ("A", "P", "H", "F")}
STRAIGHT = [
    affine_of(np.eye(3)[:, list(order)] @ np.diag(signs) @ np.diag(SPACING), (10, -20, 30))
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]
OBLIQUE = [oblique(seed) for seed in range(20)] + [oblique(seed) @ np.diag([-1, 1, 1, 1]) for seed in range(20, 30)]


def grid_of(volume: Volume) -> Grid:
    return make_grid(volume.affine, volume.shape, thickness_known="plane" in volume.axes)


def cuts_of(volume: Volume) -> tuple[Cut, ...]:
    return make_cuts(grid_of(volume), volume.shape)


def shown(volume: Volume) -> list[tuple[Cut, np.ndarray]]:
    sections = dict(read_sections(volume))
    return [(cut, cut.orient(sections[cut.normal])) for cut in cuts_of(volume)]


def places(values: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """World position of voxels that hold their own index."""
    return np.stack(np.unravel_index(values, SHAPE), axis=-1) @ affine[:3, :3].T + affine[:3, 3]


@pytest.mark.parametrize("affine", STRAIGHT + OBLIQUE)
def test_the_pixel_under_each_letter_lies_toward_that_side(affine):
    volume = Volume(indexed(), affine=affine)
    cuts = shown(volume)
    assert [cut.written for cut, _ in cuts] == [True, False, False]
    assert {cut.name for cut, _ in cuts} == set(CONVENTION)
    for cut, values in cuts:
        where = places(values, grid_of(volume).affine())
        rows, columns = values.shape
        edges = (where[rows // 2, 0], where[rows // 2, -1], where[0, columns // 2], where[-1, columns // 2])
        for at, opposite, letters in zip(edges, [edges[i] for i in (1, 0, 3, 2)], cut.letters, strict=True):
            along = [float(np.dot(at - opposite, TOWARD[letter])) for letter in letters]
            assert letters
            assert min(along) > 0
            assert along == sorted(along, reverse=True)
        apart = np.linalg.norm(edges[1] - edges[0]), np.linalg.norm(edges[3] - edges[2])
        assert apart[0] * columns / (columns - 1) == pytest.approx(cut.width)
        assert apart[1] * rows / (rows - 1) == pytest.approx(cut.height)


@pytest.mark.parametrize("affine", STRAIGHT)
def test_reformats_follow_the_convention_of_radiology(affine):
    for cut in cuts_of(Volume(indexed(), affine=affine))[1:]:
        assert cut.letters == CONVENTION[cut.name]


@pytest.mark.parametrize("seed", range(20))
def test_oblique_reformats_come_as_near_to_the_convention_as_can_be(seed):
    for cut in cuts_of(Volume(indexed(), affine=oblique(seed)))[1:]:
        wanted = CONVENTION[cut.name]
        assert np.dot(cut.across.toward, TOWARD[wanted[1]]) > 0
        assert np.dot(cut.down.toward, TOWARD[wanted[3]]) > 0


@pytest.mark.parametrize("affine", STRAIGHT + OBLIQUE)
def test_the_written_plane_is_the_array_s_own(affine):
    volume = Volume(indexed(), affine=affine)
    cut, values = shown(volume)[0]
    np.testing.assert_array_equal(values, volume.array[cut.index])
    assert (cut.across.axis, cut.down.axis) == (2, 1)


def test_a_default_volume_is_shown_as_radiology_shows_it():
    axial, coronal, sagittal = shown(Volume(indexed(), spacing=SPACING))
    assert [cut.name for cut, _ in (axial, coronal, sagittal)] == ["axial", "coronal", "sagittal"]
    np.testing.assert_array_equal(axial[1], indexed()[1])
    np.testing.assert_array_equal(coronal[1], indexed()[::-1, 2])
    np.testing.assert_array_equal(sagittal[1], indexed()[::-1, :, 2])


def test_a_ras_world_turns_the_reformats_and_the_letters_of_the_written_plane():
    affine = np.diag([-1.0, -1, 1, 1]) @ Volume(indexed(), spacing=SPACING).affine
    axial, coronal, sagittal = shown(Volume(indexed(), affine=affine))
    assert axial[0].letters == ("L", "R", "P", "A")
    np.testing.assert_array_equal(axial[1], indexed()[1])
    np.testing.assert_array_equal(coronal[1], indexed()[::-1, 2, ::-1])
    np.testing.assert_array_equal(sagittal[1], indexed()[::-1, ::-1, 2])


def test_axes_are_named_uniquely_at_45_degrees():
    half = np.sqrt(0.5)
    turned = np.array([[0, half, half], [0, half, -half], [1, 0, 0]])
    assert {cut.name for cut in cuts_of(Volume(indexed(), affine=affine_of(turned)))} == set(CONVENTION)
    assert {len(letters) for letters in cuts_of(Volume(indexed(), affine=affine_of(turned)))[0].letters} == {2}


def test_every_rotation_gives_three_names_and_no_axis_across_its_own():
    rng = np.random.default_rng(5)
    for _ in range(300):
        cuts = cuts_of(Volume(indexed(), affine=affine_of(rotation(rng))))
        assert {cut.name for cut in cuts} == set(CONVENTION)
        for cut in cuts[1:]:
            assert np.dot(cut.down.toward, TOWARD[CONVENTION[cut.name][3]]) > 0.3


def test_the_letters_of_the_phantom_can_be_read_in_their_cuts():
    """Upright, not mirrored, and near the edge that bears the same letter."""
    phantom = orientation_phantom()
    for cut, values in shown(phantom):
        drawn = [glyph for glyph in glyphs() if glyph.value == LETTER and in_plane(glyph, cut)]
        assert {glyph.letter for glyph in drawn} == set(CONVENTION[cut.name])
        for glyph in drawn:
            to_index = np.linalg.inv(phantom.affine[:3, :3]).T
            index = (dots(glyph) - phantom.affine[:3, 3]) @ to_index
            # Letters are extruded; the cut is oblique to them.
            depth = np.cross(glyph.right, glyph.up) @ to_index
            index += (cut.index - index[..., cut.normal, None]) / depth[cut.normal] * depth
            down, across = (
                side.count - 1 - index[..., side.axis] if side.flipped else index[..., side.axis]
                for side in (cut.down, cut.across)
            )
            assert (np.diff(down, axis=0) > 0).all()
            assert (np.diff(across, axis=1) > 0).all()
            seen = values[np.rint(down).astype(int), np.rint(across).astype(int)]
            assert seen[glyph.bitmap].mean() > 800
            assert seen[~glyph.bitmap].mean() < 300
            rows, columns = values.shape
            nearness = (columns - across.mean(), across.mean(), rows - down.mean(), down.mean())
            room = (columns, columns, rows, rows)
            edge = [letters[0] for letters in cut.letters].index(glyph.letter)
            assert nearness[edge] > 0.6 * room[edge]


def in_plane(glyph: Glyph, cut: Cut) -> bool:
    """Whether a letter stands in the plane that the cut comes nearest to."""
    _, right, top, _ = CONVENTION[cut.name]
    return (glyph.right, glyph.up) == (TOWARD[right], TOWARD[top])


def test_a_two_dimensional_image_has_only_its_plane():
    (cut,) = cuts_of(Volume(indexed((4, 5)), spacing=(0.65e-3, 0.65e-3)))
    assert (cut.name, cut.written, cut.letters) == ("axial", True, ("R", "L", "A", "P"))
    assert (cut.width, cut.height) == pytest.approx((5 * 0.65e-3, 4 * 0.65e-3))


def test_a_single_plane_with_a_thickness_is_cut_through():
    cuts = cuts_of(Volume(indexed((1, 4, 5)), spacing=SPACING))
    assert [(cut.width, cut.height) for cut in cuts[1:]] == [pytest.approx((3.5, 2.5)), pytest.approx((3.2, 2.5))]


BIG = (230, 40, 401)


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4000, BIG, dtype=np.int16)


def in_zarr(values: np.ndarray, _: Path) -> object:
    array = zarr.create_array(zarr.storage.MemoryStore(), shape=values.shape, chunks=(32, 32, 64), dtype=values.dtype)
    array[:] = values
    return array


def in_h5py(values: np.ndarray, folder: Path) -> object:
    h5py = pytest.importorskip("h5py")
    return h5py.File(folder / "values.h5", "w").create_dataset("values", data=values, chunks=(16, 16, 64))


def in_dask(values: np.ndarray, _: Path) -> object:
    return da.from_array(values, chunks=(32, 32, 64))


def in_memmap(values: np.ndarray, folder: Path) -> object:
    np.save(folder / "values.npy", values)
    return np.load(folder / "values.npy", mmap_mode="r")


@pytest.mark.parametrize("store", [in_dask, in_zarr, in_h5py, in_memmap])
def test_every_kind_of_array_is_sampled_alike(values, store, tmp_path):
    expected = dict(read_sections(Volume(values)))
    found = dict(read_sections(Volume(store(values, tmp_path))))
    assert list(found) == [0, 1, 2]
    for normal, section in found.items():
        np.testing.assert_array_equal(section, expected[normal])
    np.testing.assert_array_equal(found[0], values[115, :, 1::3])
    np.testing.assert_array_equal(found[1], values[::2, 20, 1::3])


def test_leading_axes_are_taken_at_their_beginning_wherever_they_are(values):
    moved = np.moveaxis(np.stack([values, values + 1]), 0, 2)
    volume = Volume(moved, axes=("column", "row", "time", "plane"))
    expected = dict(read_sections(Volume(values.transpose(2, 1, 0))))
    for normal, section in read_sections(volume):
        np.testing.assert_array_equal(section, expected[normal])


def test_resampled_volumes_are_read_by_planes():
    affine = oblique(3)
    affine[:3, 0] += 0.3 * affine[:3, 1]
    straight, _ = resample(Volume(np.random.default_rng(2).normal(size=(9, 20, 30)), affine=affine))
    planes = np.concatenate([straight.read((), i, i + 1) for i in range(straight.shape[0])])
    for normal, section in read_sections(straight):
        np.testing.assert_array_equal(section, planes.take(planes.shape[normal] // 2, axis=normal))


@pytest.mark.parametrize("samples", [3, 4])
@pytest.mark.parametrize("lazy", [False, True])
def test_colors_have_three_samples(samples, lazy):
    array = np.random.default_rng(4).integers(0, 256, (5, 6, 7, samples), dtype=np.uint8)
    volume = Volume(da.from_array(array, chunks=3) if lazy else array, rgb=True)
    sections = dict(read_sections(volume))
    for normal, pixels in to_8_bit(volume, sections).items():
        np.testing.assert_array_equal(pixels, array.take(array.shape[normal] // 2, axis=normal)[..., :3])


@pytest.mark.parametrize("array", [np.zeros((4, 6, 7)), SlowArray(4, 0)])
def test_nothing_is_read_once_cancelled(array):
    told = []

    def tick() -> None:
        if told:
            raise ExportCancelled

    sections = read_sections(Volume(array), tick=tick)
    told.append(next(sections)[0])
    with pytest.raises(ExportCancelled):
        next(sections)
    assert told == [0]


def bits(array: np.ndarray, **keywords: object) -> np.ndarray:
    volume = Volume(array, **keywords)
    return to_8_bit(volume, dict(read_sections(volume)))[0]


def test_the_window_runs_from_black_to_white():
    array = np.array([[[-5.0, 0, 20, 100, 900, np.nan, np.inf, -np.inf]]])
    assert bits(array, window=(0, 100)).tolist() == [[0, 0, 51, 255, 255, 0, 255, 0]]


@pytest.mark.parametrize("window", [None, (5, 5), (float("nan"), 1), (7, 3)])
def test_without_a_window_the_extremes_are_left_out(window):
    array = np.arange(1000.0).reshape(1, 20, 50)
    array[0, 0, 0], array[0, -1, -1] = -1e9, 1e9
    found = bits(array, window=window)
    assert found.min() == 0
    assert found.max() == 255
    assert abs(int(found[10, 0]) - 127) < 5


@pytest.mark.parametrize(
    "array", [np.zeros((2, 3, 4), np.uint8), np.full((2, 3, 4), np.nan), np.full((2, 3, 4), 2**63, np.uint64)]
)
def test_a_constant_image_is_gray(array):
    assert set(np.unique(bits(array))) == {96}


def test_a_sparse_mask_is_seen():
    array = np.zeros((1, 100, 100), bool)
    array[0, 50, 50] = True
    assert bits(array)[50, 50] == 255


def test_a_window_of_all_numbers_warns_of_nothing():
    assert bits(np.array([[[-1e308, 1e308]]]), window=(-1.7e308, 1.7e308)).dtype == np.uint8


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        ("uint16", (0, 65535, 257), (0, 255, 1)),
        ("uint16", (0, 200, 7), (0, 200, 7)),
        ("float32", (0, 1, 0.2), (0, 255, 51)),
        ("float64", (0, 255, np.nan), (0, 255, 0)),
        ("bool", (0, 1, 1), (0, 255, 255)),
    ],
)
def test_colors_are_scaled_as_they_are_written(dtype, values, expected):
    assert bits(np.array(values, dtype).reshape(1, 1, 1, 3), rgb=True).ravel().tolist() == list(expected)


def spaces(lines: tuple[str, ...]) -> list[str]:
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def lines_of(array: np.ndarray, **keywords: object) -> list[str]:
    volume = Volume(array, **keywords)
    return spaces(placement_lines(grid_of(volume), volume.shape))


def test_a_head_in_words():
    array = np.broadcast_to(np.int16(0), (189, 233, 197))
    assert lines_of(array, spacing=(1, 1, 1), position=(12.3, 40, -20)) == [
        "197 × 233 × 189 voxels of 1 × 1 × 1 mm",
        "197 × 233 × 189 mm in all",
        "first voxel L 12.3, P 40, F 20 mm",
        "columns → L, rows → P, planes → H",
    ]


def test_a_light_sheet_in_words():
    array = np.broadcast_to(np.uint16(0), (100, 2048, 2048))
    assert lines_of(array, spacing=(1e-3, 2e-4, 2e-4), position=(0, -1.5, 0)) == [
        "2,048 × 2,048 × 100 voxels of 0.2 × 0.2 × 1 µm",
        "409.6 × 409.6 × 100 µm in all",
        "first voxel L 0, A 1,500, H 0 µm",
        "columns → L, rows → P, planes → H",
    ]


def test_a_micrograph_in_words():
    lines = lines_of(np.zeros((5, 4), np.uint8), spacing=(4e-6, 4e-6))
    assert lines[0] == "4 × 5 pixels of 4 × 4 nm"
    assert lines[1] == "16 × 20 nm in all, thickness not known"
    assert lines[3] == "columns → L, rows → P"


def test_a_left_handed_volume_begins_with_its_last_plane():
    array = np.zeros((11, 4, 5), np.uint8)
    lines = lines_of(array, affine=affine_of([[0, 0, 1], [0, 1, 0], [-2, 0, 0]], (0, 0, 5)))
    assert lines[2:] == [
        "first voxel L 0, P 0, F 15 mm",
        "columns → L, rows → P, planes → H (last plane first)",
    ]


def test_cuts_explain_themselves():
    volume = Volume(indexed(), spacing=SPACING)
    written, coronal, _ = cuts_of(volume)
    assert "as written: plane 1 of 0 to 2" in cut_text(written, 3)
    assert "left R, right L, top H, bottom F" in cut_text(coronal, 4)

"""Layers held against series: every voxel found by where it lies, and the first that differs is named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest

from judges.check_faults import FAULTS, Fault, good_series, picture, seed
from judges.tables import MODALITIES
from judges.volumes import affine_of, indexed, oblique, rotation
from napari_dicom_writer import ExportOptions, GeometryError, Series, Volume, export
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.checking.source.against import compare
from napari_dicom_writer.layers.inputs import volumes_of
from napari_dicom_writer.model.grids import IndexMap, index_map

if TYPE_CHECKING:
    from napari_dicom_writer.checking.source.comparison import Comparison

RNG = np.random.default_rng(3)
AXES = ("plane", "row", "column")
FULL = (indexed((4, 5, 6), "int32") * 7).astype("int32")


def held_against(path: Path, *volumes: Volume, **options: object) -> tuple[list[Comparison], list[str]]:
    layers = [(volume.name, volume) for volume in volumes]
    return compare(layers, path, check_series(path), ExportOptions(**options))


def only(path: Path, volume: Volume, **options: object) -> Comparison:
    (comparison,), left_out = held_against(path, volume, **options)
    assert left_out == []
    return comparison


# ------------------------------------------------------------------------------------------------------------- places


@pytest.mark.parametrize("syntax", ["explicit-le", "rle", "jpeg-ls", "htj2k", "deflated"])
@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("handed", [1, -1])
def test_what_was_written_is_the_same(tmp_path: Path, modality: str, syntax: str, handed: int) -> None:
    volume = Volume(np.repeat(indexed(), 8, axis=2), affine=oblique() @ np.diag([handed, 1, 1, 1]), name="indexed")
    path = export(volume, tmp_path / "x", ExportOptions(modality=modality, transfer_syntax=syntax)).path
    comparison = only(path, volume)
    assert comparison.same, comparison.problems
    assert (comparison.voxels, comparison.largest, comparison.allowed) == (480, 0, 0)
    assert comparison.apart < 1e-9
    assert comparison.series == "1"


@pytest.mark.parametrize("axes", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, 1), (-1, -1, -1)])
def test_the_order_of_axes_in_the_files_does_not_matter(
    tmp_path: Path, axes: tuple[int, ...], flips: tuple[int, ...]
) -> None:
    """The same voxels at the same places, cut and numbered in another way."""
    affine = oblique(5)
    source = Volume(FULL, affine=affine, name="source")
    turned, other = FULL.transpose(axes), affine.copy()
    other[:, :3] = affine[:, list(axes)]
    for axis, flip in enumerate(flips):
        if flip < 0:
            turned = np.flip(turned, axis)
            other[:3, 3] += other[:3, axis] * (turned.shape[axis] - 1)
            other[:3, axis] *= -1
    path = export(Volume(turned, affine=other), tmp_path / "x").path
    comparison = only(path, source)
    assert comparison.same, comparison.problems
    changed = FULL.copy()
    changed[3, 1, 2] += 1
    first = only(path, Volume(changed, affine=affine)).first
    assert first
    assert first.index == (3, 1, 2)


def test_a_shift_is_told_in_mm_and_voxels(tmp_path: Path) -> None:
    path = export(Volume(indexed(), spacing=(2, 1, 0.5)), tmp_path / "x").path
    comparison = only(path, Volume(indexed(), spacing=(2, 1, 0.5), position=(0.25, 0, 0)))
    assert comparison.problems == ("Voxels lie up to 0.25 mm (0.5 of a voxel) from their places",)
    assert comparison.differing == 0
    assert only(path, Volume(indexed(), spacing=(2, 1, 0.5), position=(0.001, 0, 0))).same


@pytest.mark.parametrize(
    ("volume", "said"),
    [
        (Volume(indexed((3, 4, 4)), spacing=(2, 1, 0.5)), "3 × 4 × 4 voxels, and the series 3 × 4 × 5"),
        (Volume(indexed(), spacing=(2, 1, 0.9)), "The grids differ: steps of 2 × 1 × 0.9 mm, and of 2 × 1 × 0.5 mm"),
        (Volume(indexed(), affine=affine_of(rotation(RNG))), "The grids differ"),
        (Volume(np.zeros((3, 4, 5, 3), "u1"), spacing=(2, 1, 0.5), rgb=True), "It is in color"),
    ],
)
def test_other_grids_are_told(tmp_path: Path, volume: Volume, said: str) -> None:
    path = export(Volume(indexed(), spacing=(2, 1, 0.5)), tmp_path / "x").path
    assert said in only(path, volume).problems[0]


def test_time_points_that_are_not_there_are_told(tmp_path: Path) -> None:
    path = export(Volume(indexed(), spacing=(2, 1, 0.5)), tmp_path / "x").path
    film = Volume(np.stack([indexed(), indexed()]), axes=("time", *AXES), spacing=(2, 1, 0.5), name="film")
    comparisons, _ = held_against(path, film)
    assert [(c.layer, c.same) for c in comparisons] == [("film, time 1", True), ("film, time 2", False)]


def test_a_single_plane(tmp_path: Path) -> None:
    volume = Volume(indexed((40, 50)), spacing=(0.5, 0.7))
    path = export(volume, tmp_path / "x").path
    comparison = only(path, volume)
    assert comparison.same, comparison.problems
    moved = Volume(indexed((40, 50)), spacing=(0.5, 0.7), position=(0, 0, 3))
    assert not only(path, moved).same


def test_index_map_of_nonsense() -> None:
    assert index_map(np.eye(4), (2, 2, 2), np.zeros((4, 4)), (2, 2, 2)) == "The series has no grid"
    assert isinstance(index_map(np.eye(4), (1, 2, 2), np.diag([0.0, 1, 1, 1]), (1, 2, 2)), IndexMap)


# ------------------------------------------------------------------------------------------------------------- values


VALUES = {
    "bool": indexed() > 30,
    "uint8": indexed().astype("u1"),
    "int8": (indexed() - 30).astype("i1"),
    "wide": indexed().astype("i8") + 10**12,
    "uint64": indexed().astype("u8") + 2 * 10**12,
    "float whole": indexed().astype("f4"),
    "float": RNG.normal(size=(3, 4, 5)),
    "float16": RNG.normal(size=(3, 4, 5)).astype("f2"),
    "too wide": RNG.integers(-(2**40), 2**40, (3, 4, 5)),
}


@pytest.mark.parametrize("modality", ["OT", "MR", "PT"])
@pytest.mark.parametrize("kind", VALUES)
def test_values_are_compared_as_their_type_allows(tmp_path: Path, kind: str, modality: str) -> None:
    values = VALUES[kind]
    volume = Volume(values, spacing=(2, 1, 1))
    report = export(volume, tmp_path / "x", ExportOptions(modality=modality))
    comparison = only(report.path, volume, modality=modality)
    assert comparison.same, comparison.problems
    stored = report.plan.series[0].stored
    assert comparison.largest <= stored.largest_error * (1 + 1e-6)
    if stored.largest_error:
        assert stored.largest_error <= comparison.allowed * (1 + 2**-6) <= 1.5 * stored.largest_error
        assert "half a step of 16 bits over the range of the layer" in comparison.notes[0]
    else:
        assert comparison.allowed == 0


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_series_stored_too_coarsely_does_not_excuse_itself(tmp_path: Path, modality: str) -> None:
    """Its own slope would allow what it lost."""
    volume = Volume(RNG.normal(size=(3, 40, 50)), spacing=(2, 1, 1))
    path = export(volume, tmp_path / "x", ExportOptions(modality=modality)).path
    assert only(path, volume, modality=modality).same
    for file in path.glob("*.dcm"):
        dataset = pydicom.dcmread(file)
        mapping = dataset.RealWorldValueMappingSequence[0] if "RealWorldValueMappingSequence" in dataset else None
        dtype = "<i2" if dataset.PixelRepresentation else "<u2"
        dataset.PixelData = (np.frombuffer(dataset.PixelData, dtype) // 64).astype(dtype).tobytes()
        if mapping:
            mapping.RealWorldValueSlope *= 64
        if "RescaleSlope" in dataset:
            dataset.RescaleSlope = f"{float(dataset.RescaleSlope) * 64:.10g}"
        dataset.save_as(file)
    comparison = only(path, volume, modality=modality)
    assert comparison.differing > 0.9 * volume.array.size


def test_channels_and_time_points_are_held_to_the_steps_they_share(tmp_path: Path) -> None:
    values = RNG.normal(size=(2, 3, 4, 5, 6)) * np.array([1, 1000]).reshape(2, 1, 1, 1, 1)
    values[:, 1] *= 20
    volume = Volume(
        values, axes=("channel", "time", "plane", "row", "column"), spacing=(2, 1, 1), name="x", time_step=1
    )
    for time in ("one-series", "series-per-point"):
        path = export(volume, tmp_path / time, ExportOptions(modality="MR", time=time)).path
        comparisons, left_out = held_against(path, volume, time=time)
        assert not left_out
        assert all(comparison.same for comparison in comparisons), [c.problems for c in comparisons]
        allowed = sorted({comparison.allowed for comparison in comparisons})
        assert len(allowed) == 2
        assert allowed[0] < allowed[1] / 500


@pytest.mark.parametrize("modality", ["OT", "MR", "PT"])
@pytest.mark.parametrize("value", [2**63 + 1, 2**64 - 1, 2**62 + 1, 123456789012345678])
@pytest.mark.parametrize("span", [0, 70000, 10**9])
def test_integers_too_large_for_a_decimal_string_are_the_same(
    tmp_path: Path, value: int, span: int, modality: str
) -> None:
    values = np.array([value - span // 2, value - span, value], "u8").repeat(8).reshape(2, 3, 4)
    volume = Volume(values, spacing=(2, 1, 1))
    report = export(volume, tmp_path / "x", ExportOptions(modality=modality))
    comparison = only(report.path, volume, modality=modality)
    assert comparison.same, comparison.problems
    assert report.plan.series[0].stored.largest_error < max(1e-4 * value if modality == "PT" else span, 1e-9 * value)


@pytest.mark.parametrize("nan", [None, 0.0])
def test_values_rounded_in_single_precision_are_the_same(tmp_path: Path, nan: float | None) -> None:
    # Half way between two steps, where rounding decides.
    values = (np.clip(np.arange(65535) - 0.5, 0, 65533.4) * 5.0357e-5).astype("f4").reshape(3, 5, -1)
    if nan is not None:
        values[0, 3] = np.nan
    volume = Volume(values, spacing=(2, 1, 1))
    path = export(volume, tmp_path / "x", ExportOptions(nan=nan)).path
    comparison = only(path, volume, nan=nan)
    assert comparison.same, comparison.problems
    assert comparison.largest > comparison.allowed, "else this shows nothing"
    values[1, 4, 7] += 6e-5
    assert only(path, Volume(values, spacing=(2, 1, 1)), nan=nan).differing == 1


@pytest.mark.parametrize("kind", ["uint8", "wide", "uint64", "float"])
def test_the_first_voxel_that_differs_is_named(tmp_path: Path, kind: str) -> None:
    volume = Volume(VALUES[kind], affine=oblique(), name="layer")
    path = export(volume, tmp_path / "x").path
    changed = VALUES[kind].copy()
    changed[1, 2, 3] += 1
    changed[2, 0, 0] += 3
    comparison = only(path, Volume(changed, affine=oblique(), name="layer"))
    assert not comparison.same
    assert comparison.differing == 2
    assert comparison.problems[0].startswith("2 of 60 voxels differ, by up to")
    first = comparison.first
    assert first
    assert first.index == (1, 2, 3)
    np.testing.assert_allclose(first.position, (oblique() @ (1, 2, 3, 1))[:3])
    assert first.here - first.there == pytest.approx(1, abs=1e-3)


def test_a_fill_value_stands_for_nan(tmp_path: Path) -> None:
    values = RNG.normal(size=(3, 4, 5))
    values[0, 1, 2] = np.nan
    volume = Volume(values, spacing=(2, 1, 1))
    path = export(volume, tmp_path / "x", ExportOptions(nan=0)).path
    assert only(path, volume, nan=0).same
    comparison = only(path, volume)
    assert comparison.differing == 1
    assert comparison.largest == np.inf
    assert only(path, volume, nan=0.5).differing == 1


@pytest.mark.parametrize("dtype", ["u1", "u2", "f8"])
@pytest.mark.parametrize("samples", [3, 4])
def test_colors(tmp_path: Path, dtype: str, samples: int) -> None:
    values = RNG.integers(0, 256, (2, 6, 7, samples)) * (257 if dtype == "u2" else 1)
    colors = (values / 255 if dtype == "f8" else values).astype(dtype)
    volume = Volume(colors, spacing=(2, 1, 1), rgb=True)
    path = export(volume, tmp_path / "x").path
    comparison = only(path, volume)
    assert comparison.same, comparison.problems
    assert ("Alpha is not compared" in comparison.notes) == (samples == 4)
    changed = colors.copy()
    changed[1, 2, 3, 1] = 0 if changed[1, 2, 3, 1] > np.median(colors) else changed.max()
    comparison = only(path, Volume(changed, spacing=(2, 1, 1), rgb=True))
    assert comparison.differing == 1
    assert comparison.first.index == (1, 2, 3)


def test_loss_is_allowed_that_was_asked_for(tmp_path: Path) -> None:
    asked = {"transfer_syntax": "jpeg-ls-lossy", "lossy_error": 3}
    path = export(picture(), tmp_path / "x", ExportOptions(**asked)).path
    comparison = only(path, picture(), **asked)
    assert comparison.same
    assert (comparison.largest, comparison.allowed) == (3, 3)
    assert not only(path, picture(), **asked | {"lossy_error": 2}).same
    (problem,) = only(path, picture()).problems
    assert "it says that it is lossy" in problem


def test_loss_without_bound_is_shown_and_not_judged(tmp_path: Path) -> None:
    asked = {"transfer_syntax": "jpeg-2000-lossy", "lossy_ratio": 20}
    path = export(picture(), tmp_path / "x", ExportOptions(**asked)).path
    comparison = only(path, picture(), **asked)
    assert comparison.same
    assert comparison.largest
    assert "not judged" in comparison.notes[0]


# ------------------------------------------------------------------------------------------------------------ matching


TIME = ("time", "plane", "row", "column")


@pytest.mark.parametrize("time", ["one-series", "series-per-point"])
def test_time_points_in_one_series_or_several(tmp_path: Path, time: str) -> None:
    volume = Volume(indexed((3, 4, 5, 6)), axes=TIME, time_step=2, spacing=(2, 1, 1), name="film")
    path = export(volume, tmp_path / "x", ExportOptions(time=time, modality="MR")).path
    comparisons, left_out = held_against(path, volume)
    assert all(comparison.same for comparison in comparisons)
    assert (len(comparisons), left_out) == (1 if time == "one-series" else 3, [])
    changed = volume.array.copy()
    changed[2, 1, 0, 0] -= 1
    comparisons, _ = held_against(path, Volume(changed, axes=TIME, spacing=(2, 1, 1), name="film"))
    (wrong,) = [comparison for comparison in comparisons if not comparison.same]
    assert wrong.first.index == (2, 1, 0, 0)


def test_channels_find_their_series(tmp_path: Path) -> None:
    volume = Volume(indexed((3, 4, 5, 6)), axes=("channel", *AXES), spacing=(2, 1, 1), name="cells")
    path = export(volume, tmp_path / "x").path
    comparisons, left_out = held_against(path, volume)
    assert [(c.layer, c.series, c.same) for c in comparisons] == [
        (f"cells, channel {n}", str(n), True) for n in (1, 2, 3)
    ]
    assert left_out == []


def test_several_layers_find_theirs_by_name_in_any_order(tmp_path: Path) -> None:
    layers = [Volume(indexed() + n, spacing=(2, 1, 1), name=f"layer {n}") for n in range(12)]
    path = export(layers, tmp_path / "x").path
    comparisons, left_out = held_against(path, *layers[::-1])
    assert all(comparison.same for comparison in comparisons)
    assert left_out == []


def test_what_has_no_partner_is_told(tmp_path: Path) -> None:
    one = Volume(indexed(), spacing=(2, 1, 1), name="one")
    two = Volume(indexed() + 1, spacing=(2, 1, 1), name="two")
    path = export([one, two], tmp_path / "both").path
    comparisons, left_out = held_against(path, one)
    assert [c.same for c in comparisons] == [True]
    assert left_out == ["Series 2 belongs to none of the layers"]
    path = export(one, tmp_path / "one").path
    comparisons, left_out = held_against(path, one, two)
    assert [c.problems for c in comparisons] == [(), ("No series that can be read as a volume holds it",)]


def test_a_series_that_is_no_volume_is_told(tmp_path: Path) -> None:
    folder = good_series(tmp_path)
    seed(folder, next(f for f in FAULTS if f.code == "planes-missing"))
    comparisons, left_out = held_against(folder, picture())
    assert not comparisons[0].same
    (told,) = left_out
    assert told.startswith("Series 1 cannot be read as a volume: Its planes are not evenly spaced")


def test_a_resampled_layer_is_compared_as_it_was_resampled(tmp_path: Path) -> None:
    attributes = {"name": "tilted", "shear": [0.0, 0.0, 0.2], "units": ("mm",) * 3}
    layer = (RNG.integers(0, 99, (4, 8, 9)).astype("i2"), attributes, "image")
    options = ExportOptions(shear="resample")
    path = export([layer], tmp_path / "x", options).path
    ((_, volume),) = volumes_of([layer], options)
    assert only(path, volume).same
    ((_, sheared),) = volumes_of([layer], ExportOptions())
    assert not only(path, sheared).same


def test_layers_that_are_not_understood_are_refused() -> None:
    with pytest.raises(GeometryError):
        volumes_of([(np.zeros((2, 3, 4)), {"units": ("kg",) * 3}, "image")], ExportOptions())


# -------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize("fault", [f for f in FAULTS if not f.code], ids=lambda fault: fault.name)
def test_what_only_the_source_tells_is_found(tmp_path: Path, fault: Fault) -> None:
    folder = good_series(tmp_path)
    assert only(folder, picture()).same
    seed(folder, fault)
    assert not only(folder, picture()).same


def test_large_sources_are_read_along_their_chunks(tmp_path: Path) -> None:
    dask = pytest.importorskip("dask.array")
    reads = []

    def chunk(block_info: dict) -> np.ndarray:
        reads.append(block_info[None]["chunk-location"])
        return np.full(block_info[None]["chunk-shape"], len(reads), "i2")

    lazy = dask.map_blocks(chunk, chunks=((40,) * 3, (300,), (300,)), dtype="i2", meta=np.empty((0, 0, 0), "i2"))
    held = Volume(lazy, spacing=(1, 1, 1))
    path = export(Volume(np.zeros((120, 300, 300), "i2"), spacing=(1, 1, 1)), tmp_path / "x").path
    assert not only(path, held).same
    assert len(reads) == 3
    assert len(set(reads)) == 3


def test_the_window_and_identity_do_not_matter(tmp_path: Path) -> None:
    options = ExportOptions(series=Series(description="another name", number="9"))
    path = export(picture(), tmp_path / "x", options).path
    for file in path.glob("*.dcm"):
        dataset = pydicom.dcmread(file)
        dataset.WindowWidth, dataset.PatientName = 7, "X^"
        dataset.save_as(file)
    assert only(path, picture()).same

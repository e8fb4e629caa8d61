"""Faults that a close reading found, each held by the input that showed it."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from judges import readers as judges
from napari_dicom_writer import (
    ExportError,
    ExportOptions,
    LayerError,
    NoteKind,
    OptionsError,
    PixelError,
    Series,
    Study,
    Volume,
    export,
    plan_export,
)

ARRAY = np.arange(4 * 6 * 5, dtype=np.int16).reshape(4, 6, 5)


def texts(plan) -> list[str]:
    return [note.text for note in plan.notes]


def test_the_mask_of_a_lazy_array_is_refused(tmp_path):
    masked = da.from_array(np.ma.array(ARRAY, mask=ARRAY > 5), chunks=2)
    with pytest.raises(PixelError, match="mask"):
        export(Volume(masked, spacing=(1, 1, 1)), tmp_path / "x")


def test_colors_of_one_layer_stay_comparable(tmp_path):
    data = np.zeros((2, 3, 4, 4, 3), np.uint16)
    data[0], data[1] = 200, 60000
    plan = plan_export(Volume(data, axes=("channel", "plane", "row", "column"), rgb=True, spacing=(1, 1, 1)))
    assert len({series.stored for series in plan.series}) == 1


def test_dark_16_bit_colors_say_how_they_are_taken():
    plan = plan_export(Volume(np.full((3, 4, 4, 3), 7, np.uint16), rgb=True, spacing=(1, 1, 1)))
    assert "Colors (uint16) from 7 to 7 taken as 0..255" in texts(plan)


def test_float_colors_may_be_a_rounding_error_over_white(tmp_path):
    data = np.full((3, 4, 4, 3), np.float32(1.0000001))
    report = export(Volume(data, rgb=True, spacing=(1, 1, 1)), tmp_path / "x")
    assert judges.read(report.path)[0].pixel_array.max() == 255


@pytest.mark.parametrize("dtype", ["u8", "i8"])
def test_wide_integers_survive_resampling(tmp_path, dtype):
    value = np.iinfo(dtype).max
    affine = np.array([[0, 0, 1, 0], [0, 1, 0.3, 0], [1, 0, 0, 0], [0, 0, 0, 1]], float)
    volume = Volume(np.full((3, 12, 12), value, dtype), affine=affine)
    report = export(volume, tmp_path / "x", ExportOptions(shear="resample"))
    read = judges.real_values(judges.read(report.path)[1])
    assert read.max() == pytest.approx(float(value), rel=1e-4)


def test_a_shear_that_would_be_mostly_empty_is_refused():
    affine = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]], float)
    affine[:3, 1] = (40, 0.5, 0)
    with pytest.raises(ExportError, match="mostly empty"):
        plan_export(Volume(np.zeros((3, 50, 50), np.uint8), affine=affine), ExportOptions(shear="resample"))


@pytest.mark.parametrize(
    ("spacing", "position"),
    [((1e-4,) * 3, (1000, 2000, 0)), ((1e-6,) * 3, (1, 1, 1)), ((1, 1, 1), (10_000_001.3, 0, 0))],
)
def test_single_precision_readers_are_not_promised_what_they_cannot_place(tmp_path, spacing, position):
    volume = Volume(ARRAY, spacing=spacing, position=position)
    report = export(volume, tmp_path / "x")
    verdict = next(v for v in report.plan.series[0].opens_in if v.software == "dcm2niix")
    reading = judges.dcm2niix_volume(report.path)
    # Orientation of the rows may differ; the first voxel's place is one of the corners.
    corners = [
        reading.affine @ (*(i * (n - 1) for i, n in zip(at, (4, 6, 5), strict=True)), 1) for at in np.ndindex(2, 2, 2)
    ]
    off = min(np.abs(corner[:3] - position).max() for corner in corners) / min(spacing)
    assert not verdict.opens
    assert "single precision" in verdict.why
    assert off > 0.001


def test_a_float_source_that_fails_while_it_is_scanned_is_named(tmp_path):
    def block(block_id):
        raise KeyError("chunk")

    lazy = da.map_blocks(block, chunks=((2, 2), (6,), (5,)), dtype=np.float32, meta=np.zeros((0, 0, 0), np.float32))
    with pytest.raises(PixelError, match=r"layer 'remote'.*could not be read: KeyError"):
        export(Volume(lazy, spacing=(1, 1, 1), name="remote"), tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_what_is_no_layer_or_no_options_is_refused(tmp_path):
    class Viewer:
        layers = ()

    with pytest.raises(LayerError):
        export(Viewer(), tmp_path / "x")
    with pytest.raises(LayerError):
        export([([ARRAY, ARRAY[:2]], {})], tmp_path / "x")
    with pytest.raises(LayerError, match="compute_chunk_sizes"):
        Volume(da.from_array(ARRAY)[da.from_array(ARRAY[:, 0, 0]) > 5], spacing=(1, 1, 1))
    with pytest.raises(OptionsError, match="ExportOptions"):
        export(ARRAY, tmp_path / "x", {"modality": "CT"})
    assert len(plan_export((ARRAY, None, "image")).series) == 1


def test_time_points_past_the_calendar_are_refused():
    volume = Volume(
        np.zeros((400, 2, 2, 2), np.uint8), axes=("time", "plane", "row", "column"), spacing=(1,) * 3, time_step=9e8
    )
    with pytest.raises(LayerError, match="the last date there is"):
        plan_export(volume)


def test_a_frame_of_reference_of_ones_own_vouches_for_the_space():
    layers = [Volume(ARRAY, spacing=(1, 1, 1), position=(0, 0, z)) for z in (0, 500)]
    with pytest.raises(ExportError, match="Frame of Reference UID"):
        plan_export(layers)
    assert len(plan_export(layers, ExportOptions(study=Study(frame_of_reference_uid="1.2.3"))).series) == 2


def test_a_thin_volume_keeps_its_thickness(tmp_path):
    report = export(Volume(ARRAY[:1], spacing=(2.5, 1, 1)), tmp_path / "x", ExportOptions(modality="CT"))
    assert judges.read(report.path)[0].SliceThickness == 2.5


def test_display_limits_that_make_no_window_are_said():
    plan = plan_export(Volume(ARRAY, spacing=(1, 1, 1), window=(9, 1)))
    assert "Display limits 9.0 to 1.0 make no window: the range of the values is displayed instead" in texts(plan)


@pytest.mark.parametrize(
    ("name", "kept"), [("a\\b", "a\\b"), ("a\nb", "a\nb"), ("scan ", ""), ("a" * 63 + "é", "a" * 63 + "é")]
)
def test_names_are_whole_where_the_note_says_so(tmp_path, name, kept):
    report = export(Volume(ARRAY, spacing=(1, 1, 1), name=name), tmp_path / "x")
    dataset = judges.read(report.path)[0]
    assert dataset.get("ImageComments", "") == kept
    assert any("whole in Image Comments" in text for text in texts(report.plan)) == bool(kept)
    assert judges.dciodvfy(judges.dicom_files(report.path))[0] == []


def test_names_of_control_characters_say_what_is_lost():
    (note,) = (n for n in plan_export(Volume(ARRAY, spacing=(1, 1, 1), name="\x00\x01")).notes if "name" in n.text)
    assert note.kind is NoteKind.LOST


def test_long_axis_labels_leave_the_name_and_the_index():
    axes = ("l" * 80, "plane", "row", "column")
    plan = plan_export(Volume(np.zeros((3, 2, 2, 2), np.uint8), axes=axes, spacing=(1, 1, 1), name="scan"))
    assert [s.description for s in plan.series] == [f"scan {'l' * 12} {i}" for i in range(3)]


def test_the_same_name_with_blanks_is_no_loss():
    plan = plan_export(Volume(np.zeros((2, 2, 2, 2), np.uint8), axes=("channel", "plane", "row", "column"),
                              spacing=(1, 1, 1), name="scan "), ExportOptions(series=Series()))  # fmt: skip
    assert [s.description for s in plan.series] == ["scan channel 0", "scan channel 1"]
    assert not plan.notes

"""The orchestration: what is taken as a layer, refusals together, plans that touch nothing."""

from __future__ import annotations

import pickle
from pathlib import Path

import dask.array as da
import numpy as np
import pydicom
import pytest
import zarr

from napari_dicom_writer import (
    ExportError,
    ExportOptions,
    GeometryError,
    LayerError,
    NoteKind,
    Patient,
    PixelError,
    Series,
    Study,
    UnforeseenLossError,
    Volume,
    export,
    plan_export,
)

ARRAY = np.arange(4 * 6 * 5, dtype=np.int16).reshape(4, 6, 5)
STACK = Volume(ARRAY, spacing=(2, 1, 1), name="stack")


def read(folder: Path) -> list[pydicom.FileDataset]:
    return sorted(
        map(pydicom.dcmread, folder.rglob("*.dcm")), key=lambda d: (int(d.SeriesNumber), int(d.InstanceNumber))
    )


@pytest.mark.parametrize(
    "layers",
    [
        STACK,
        [STACK],
        (ARRAY,),
        (ARRAY, {}),
        (ARRAY, {"name": "stack"}, "image"),
        [(ARRAY, {"name": "stack"}, "image")],
        [(ARRAY, {}), (ARRAY, {}, "image")],
        ARRAY,
        [ARRAY],
    ],
    ids=str,
)
def test_everything_that_is_a_layer(tmp_path, layers):
    report = export(layers, tmp_path / "x")
    np.testing.assert_array_equal(np.stack([d.pixel_array for d in read(report.path)])[:4], ARRAY)


@pytest.mark.parametrize(
    "layers", [[], None, 5, "scan", [None], ["scan"], {}, (), [()], [(ARRAY, {}, "image", 1)]], ids=str
)
def test_everything_that_is_none(tmp_path, layers):
    with pytest.raises(LayerError):
        export(layers, tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_a_bare_array_says_that_its_spacing_was_assumed():
    (note,) = plan_export(ARRAY).notes
    assert (note.kind, note.text) == (NoteKind.ASSUMED, "No spacing given: neighbors taken as 1 mm apart")


def test_all_refusals_come_together_with_layer_and_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    layers = [
        (ARRAY * 1j, {"name": "phase"}, "image"),
        (np.full((3, 4, 5), np.nan), {"name": "holes"}, "image"),
        (ARRAY, {"name": "tilted", "shear": [0.5, 0, 0]}, "image"),
        (ARRAY, {"name": "cells"}, "labels"),
        (np.zeros((0, 4, 5)), {"name": "empty"}, "image"),
        (ARRAY, {"name": "flat", "scale": (1, 0, 1)}, "image"),
        (ARRAY, {"name": "hot", "units": ("kelvin", "mm", "mm")}, "image"),
        STACK,
    ]
    with pytest.raises(ExportError) as error:
        export(layers, tmp_path / "file" / "x")
    refusals = error.value.refusals
    expected = ["phase", "holes", "tilted", "cells", "empty", "flat", "hot"]
    assert sorted(r.where for r in refusals if r.where) == sorted(f"layer {name!r}" for name in expected)
    assert any("is a file" in r.what for r in refusals)
    assert all(r.remedy for r in refusals)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (np.zeros((2, 3), complex), PixelError),
        (np.zeros((2, 3), object), PixelError),
        (np.zeros((2, 3), "datetime64[s]"), PixelError),
        (np.zeros((2, 3), "U4"), PixelError),
        (np.zeros((0, 3)), PixelError),
        (np.zeros((2, 0, 3)), PixelError),
        (np.ma.masked_equal(np.eye(4), 1), PixelError),
        (np.zeros(5), LayerError),
        (np.broadcast_to(np.uint8(0), (2, 65536, 3)), PixelError),
        (np.broadcast_to(np.uint8(0), (2, 3, 65536)), PixelError),
        (np.broadcast_to(np.uint16(0), (65535, 65535)), PixelError),
    ],
    ids=lambda v: str(getattr(v, "dtype", v)),
)
def test_arrays_dicom_cannot_hold(tmp_path, array, kind):
    with pytest.raises(kind):
        export(array, tmp_path / "x")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "attributes",
    [
        {"scale": (1, float("nan"), 1)},
        {"translate": (float("inf"), 0, 0)},
        {"affine": np.zeros((4, 4))},
        {"affine": np.eye(5)},
        {"rotate": np.eye(4)},
        {"shear": [1, 2]},
        {"scale": (1, 1, 1, 1)},
        {"scale": "big"},
        {"units": ("mm", "mm", "parsnip")},
        {"units": ("mm", "mm", "1/mm")},
    ],
    ids=str,
)
def test_geometries_that_are_none(tmp_path, attributes):
    with pytest.raises(GeometryError):
        export((ARRAY, attributes, "image"), tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_layers_that_share_nothing_are_refused(tmp_path):
    far = Volume(ARRAY, spacing=(2, 1, 1), position=(0, 0, 500), name="far")
    touching = Volume(ARRAY, spacing=(2, 1, 1), position=(5, 0, 0), name="next tile")
    with pytest.raises(GeometryError, match="layers 'far' and 'stack' share no space"):
        export([STACK, touching, far], tmp_path / "x")
    assert len(plan_export([STACK, touching]).series) == 2


def test_a_plan_is_picklable_frozen_and_tells_everything():
    volume = Volume(np.random.default_rng(1).normal(size=(2, 3, 4, 6, 5)), spacing=(2, 1, 1), axes=None, name="scan")
    plan = plan_export(volume, ExportOptions(modality="CT"))
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301
    assert len(pickle.dumps(plan)) < 200_000, "no pixels"
    with pytest.raises(AttributeError):
        plan.series = ()
    text = str(plan)
    for fact in (
        "'scan channel 2'",
        "2 time points",
        "largest error",
        "Hounsfield",
        "Axis 0 (2 long)",
        "Axis 1 (3 long)",
    ):
        assert fact in text


def test_errors_are_picklable():
    error = pickle.loads(pickle.dumps(GeometryError("what", "remedy", "where")))  # noqa: S301
    assert (type(error), error.refusals[0].remedy) == (GeometryError, "remedy")


def test_planning_reads_no_pixels_unless_it_must():
    class Untouchable:
        shape, dtype = (4, 6, 5), np.dtype(np.int16)

        def __getitem__(self, index):
            raise AssertionError("read")

    volume = Volume(Untouchable(), spacing=(1, 1, 1), window=(0, 9))  # without one, a sample is read for it
    assert plan_export(volume).instances == 4


@pytest.mark.parametrize("kind", ["dask", "zarr", "memmap", "negative strides", "big-endian", "fortran"])
def test_any_array_is_written_as_it_is(tmp_path, kind):
    source = {
        "dask": lambda: da.from_array(ARRAY, chunks=(3, 4, 5)),
        "zarr": lambda: zarr.array(ARRAY, chunks=(3, 4, 5)),
        "memmap": lambda: np.memmap(tmp_path / "raw", np.int16, "w+", shape=ARRAY.shape),
        "negative strides": lambda: ARRAY[::-1, ::-1, ::-1],
        "big-endian": lambda: ARRAY.astype(">i2"),
        "fortran": lambda: np.asfortranarray(ARRAY),
    }[kind]()
    if kind == "memmap":
        source[:] = ARRAY
    report = export(Volume(source, spacing=(1, 1, 1)), tmp_path / "x")
    np.testing.assert_array_equal(np.stack([d.pixel_array for d in read(report.path)]), np.asarray(source))


def test_lazy_arrays_are_read_once_and_a_few_planes_at_a_time(tmp_path):
    reads: list[tuple[int, int]] = []

    class Counting:
        shape, dtype, chunks = (2, 10, 1024, 1024), np.dtype(np.uint8), (1, 4, 1024, 1024)

        def __getitem__(self, index):
            reads.append((index[0], index[1].start))
            return np.zeros((index[1].stop - index[1].start, 1024, 1024), np.uint8)

    axes = ("time", "plane", "row", "column")
    export(Volume(Counting(), spacing=(1, 1, 1), axes=axes, window=(0, 9)), tmp_path / "x")
    assert reads == [(t, start) for t in (0, 1) for start in (0, 4, 8)]


def test_multiscale_writes_the_full_resolution(tmp_path):
    levels = [ARRAY, ARRAY[::2, ::2, ::2]]
    report = export((levels, {"multiscale": True, "name": "pyramid"}, "image"), tmp_path / "x")
    assert any("the full one is written" in str(note) for note in report.plan.notes)
    np.testing.assert_array_equal(np.stack([d.pixel_array for d in read(report.path)]), ARRAY)


def test_channels_become_series_and_time_points_do_when_told(tmp_path):
    data = np.arange(2 * 3 * 4 * 6 * 5, dtype=np.int16).reshape(2, 3, 4, 6, 5)
    volume = Volume(
        data, spacing=(2, 1, 1), axes=("time", "channel", "plane", "row", "column"), time_step=1.5, name="s"
    )
    together = export(volume, tmp_path / "a")
    assert [(s.description, len(s.instances)) for s in together.plan.series] == [
        (f"s channel {c}", 8) for c in range(3)
    ]
    for channel, series in enumerate(together.plan.series):
        planes = [d for d in read(together.path) if d.SeriesInstanceUID == series.uid]
        np.testing.assert_array_equal(np.stack([d.pixel_array for d in planes]).reshape(2, 4, 6, 5), data[:, channel])
        assert [int(d.AcquisitionNumber) for d in planes] == [1] * 4 + [2] * 4
    apart = export(volume, tmp_path / "b", ExportOptions(time="series-per-point"))
    assert len(apart.plan.series) == 6
    for series in apart.plan.series:
        planes = [d for d in read(apart.path) if d.SeriesInstanceUID == series.uid]
        t, c = planes[0].AcquisitionNumber - 1, int(series.description.split()[2])
        np.testing.assert_array_equal(np.stack([d.pixel_array for d in planes]), data[t, c])


def test_hyperstacks_in_another_axis_order(tmp_path):
    """ImageJ's ZCYX: the channel axis between the spatial ones."""
    data = np.arange(4 * 2 * 6 * 5, dtype=np.int16).reshape(4, 2, 6, 5)
    attributes = {"axis_labels": ("z", "c", "y", "x"), "units": ("mm", "pixel", "mm", "mm"), "scale": (3, 1, 0.5, 0.5)}
    report = export((data, attributes, "image"), tmp_path / "x")
    assert [s.spacing for s in report.plan.series] == [(3, 0.5, 0.5)] * 2
    for channel, series in enumerate(report.plan.series):
        planes = [d for d in read(report.path) if d.SeriesInstanceUID == series.uid]
        np.testing.assert_array_equal(np.stack([d.pixel_array for d in planes]), data[:, channel])


def test_time_units_tell_a_time_axis_and_its_step(tmp_path):
    data = np.zeros((3, 6, 5), np.uint8)
    attributes = {"units": ("ms", "um", "um"), "scale": (250, 0.5, 0.5)}
    (series,) = plan_export((data, attributes, "image"), ExportOptions(modality="MR")).series
    assert (series.time.points, series.time.step, series.planes) == (3, 0.25, 1)


def test_names_are_never_lost(tmp_path):
    name = "sub-01_ses-02_task-rest_run-01_space-MNI152NLin2009cAsym_desc-preproc_bold\twith\\more"
    report = export(Volume(ARRAY, spacing=(1, 1, 1), name=name), tmp_path / "x")
    dataset = read(report.path)[0]
    assert len(dataset.SeriesDescription) <= 64
    assert dataset.ImageComments == name
    assert any("Image Comments" in str(note) for note in report.plan.notes)


def test_identity_is_anonymous_unique_and_shared_by_the_study(tmp_path):
    first, second = (export([STACK, STACK], tmp_path / n) for n in "ab")
    datasets = read(first.path)
    assert {str(d.PatientName) for d in datasets} == {"Anonymous^"}
    assert len({d.PatientID for d in datasets}) == 1
    assert datasets[0].PatientID != read(second.path)[0].PatientID
    uids = [d.SOPInstanceUID for d in datasets + read(second.path)]
    assert len(set(uids)) == len(uids)


def test_options_reach_their_tags(tmp_path):
    options = ExportOptions(
        modality="MR",
        patient=Patient(name="Müller", id="P1", birth_date="1970-02-28", sex="F", age="056Y", weight=61.5, size="1.7"),
        study=Study(
            instance_uid="1.2.3", frame_of_reference_uid="1.2.4", date="2026-01-02", time="03:04:05", id="S1",
            description="Längsschnitt", accession_number="A1", referring_physician="House^Gregory",
        ),
        series=Series(
            description="T1", number="7", protocol="p", body_part="BRAIN", patient_position="HFS", institution="I",
            department="D", station="W", operator="Op",
        ),
    )  # fmt: skip
    dataset = read(export(STACK, tmp_path / "x", options).path)[0]
    expected = {
        "PatientName": "Müller^", "PatientID": "P1", "PatientBirthDate": "19700228", "PatientSex": "F",
        "PatientAge": "056Y", "PatientWeight": 61.5, "PatientSize": 1.7, "StudyInstanceUID": "1.2.3",
        "FrameOfReferenceUID": "1.2.4", "StudyDate": "20260102", "StudyTime": "030405", "StudyID": "S1",
        "StudyDescription": "Längsschnitt", "AccessionNumber": "A1", "ReferringPhysicianName": "House^Gregory",
        "SeriesDescription": "T1", "SeriesNumber": 7, "ProtocolName": "p", "BodyPartExamined": "BRAIN",
        "PatientPosition": "HFS", "InstitutionName": "I", "InstitutionalDepartmentName": "D", "StationName": "W",
        "OperatorsName": "Op^", "SpecificCharacterSet": "ISO_IR 192",
    }  # fmt: skip
    assert {keyword: dataset[keyword].value for keyword in expected} == expected
    assert "Laterality" not in dataset


def test_nothing_of_the_machine_or_the_layers_metadata_is_written(tmp_path):
    import getpass
    import platform

    attributes = {"name": "a", "metadata": {"secret": "xyzzy"}, "units": ("mm",) * 3}
    report = export((ARRAY, attributes, "image"), tmp_path / "x")
    content = (report.path / "00001.dcm").read_bytes()
    for private in (
        "xyzzy",
        platform.node(),
        str(tmp_path),
        getpass.getuser() if getpass.getuser() != "root" else "xyzzy",
    ):
        assert private.encode() not in content


def test_progress_counts_every_instance(tmp_path):
    calls: list[tuple[int, int]] = []
    export([STACK, STACK], tmp_path / "x", progress=lambda done, total: calls.append((done, total)))
    assert calls[0] == (0, 8)
    assert calls[-1] == (8, 8)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def test_a_loss_that_was_not_in_the_plan_agreed_to_is_refused(tmp_path):
    """Values were edited in place, which nobody tells the widget."""
    array = np.arange(120, dtype=np.int32).reshape(4, 6, 5)
    agreed = plan_export(array)
    assert not [note for note in agreed.notes if note.kind is NoteKind.LOST]
    array[0, 0, 0] = 10**9
    with pytest.raises(UnforeseenLossError, match=r"Not as it was shown: .* largest error"):
        export(array, tmp_path / "x", agreed=agreed)
    assert not list(tmp_path.iterdir())
    export(array, tmp_path / "x", agreed=plan_export(array))

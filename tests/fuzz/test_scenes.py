"""Scenes are refused with a reason or every voxel, and every label, is found in its place by raw arithmetic."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from fuzz.profiles import EXAMPLES, PARTS, first_failure, profile
from fuzz.raw import assembled, read
from fuzz.scenes import OBJECTS, Scene, scenes
from judges.readers import dicom_files
from judges.settings import SETTINGS, put_back
from judges.structure_sets import filled_on
from napari_dicom_writer import ExportError, ExportOptions, Patient, Volume, export
from napari_dicom_writer.planning import draft


def exported(scene: Scene, folder: Path) -> tuple[list[list[Path]], object]:
    """Return the files of each series, and the plan."""
    options = dict(scene.options)
    if scene.patient is not None:
        source = Volume(np.zeros(scene.grid, "u1"), affine=scene.affine)
        path = export(source, folder / "reference", ExportOptions(patient=Patient(**scene.patient), modality="MR")).path
        options["reference"] = path / "00001.dcm"
    with put_back():
        for name in scene.settings:
            SETTINGS[name]()
        report = export(scene.layers(), folder / "out", ExportOptions(**options))
    by_uid: dict[str, list[Path]] = {series.uid: [] for series in report.plan.series}
    for file in dicom_files(report.path):
        by_uid[read(file).SeriesInstanceUID].append(file)
    return [*by_uid.values()], report.plan


def judge_image(headers, scene: Scene, image: np.ndarray, error: float) -> None:
    points = image if scene.timed else image[np.newaxis]
    found = assembled(headers, scene.affine, points.shape[1:], points=len(points))
    assert not np.isnan(found).any(), "voxels are missing"
    off = np.abs(found - points.astype(np.longdouble)).max()
    assert off <= error, f"a value is {off:.3g} off, {error:.3g} was announced"


def judge_labels(headers, scene: Scene) -> None:
    (header,) = headers
    if scene.contours:
        judge_contours(header, scene)
        return
    grid = scene.labels.shape
    if header.SegmentationType == "LABELMAP":
        found = assembled(headers, scene.affine, grid)[0]
        assert (np.nan_to_num(found) == scene.labels).all(), "labels are others"
        return
    there = sorted(set(np.unique(scene.labels)) - {0})
    assert [segment.SegmentNumber for segment in header.SegmentSequence] == list(range(1, len(there) + 1))
    for number, label in enumerate(there, 1):
        mask = np.nan_to_num(assembled(headers, scene.affine, grid, segment=number)[0])
        assert (mask == (scene.labels == label)).all(), f"label {label} is another"
    import highdicom

    volume = highdicom.seg.Segmentation.from_dataset(header).get_volume(combine_segments=True)
    counts = Counter(volume.array.ravel().tolist())
    assert all(counts[n] == int((scene.labels == label).sum()) for n, label in enumerate(there, 1)), "highdicom differs"


def judge_contours(header, scene: Scene) -> None:
    there = sorted(set(np.unique(scene.labels)) - {0})
    assert [int(roi.ReferencedROINumber) for roi in header.ROIContourSequence] == list(range(1, len(there) + 1))
    for roi, label in zip(header.ROIContourSequence, there, strict=True):
        mask = filled_on(scene.labels.shape, scene.affine, roi)
        assert (mask == (scene.labels == label)).all(), f"the contours of label {label} hold other voxels"


def judge_identity(scene: Scene, headers) -> None:
    assert len({header.StudyInstanceUID for header in headers}) == 1
    assert len({header.FrameOfReferenceUID for header in headers}) == 1
    if scene.patient is not None:
        assert {(str(h.PatientName), h.PatientID) for h in headers} == {(scene.patient["name"], scene.patient["id"])}


def judge(scene: Scene) -> ExportError | None:
    with tempfile.TemporaryDirectory() as name:
        try:
            files, plan = exported(scene, Path(name))
        except ExportError as error:
            return error
        headers = [sorted(map(read, each), key=lambda header: int(header.InstanceNumber)) for each in files]
        judge_identity(scene, [header for each in headers for header in each])
        series = plan.series
        for image, each, planned in zip(scene.images, headers, series, strict=False):
            judge_image(each, scene, image, planned.stored.largest_error)
        if scene.labels is not None:
            judge_labels(headers[-1], scene)
    return None


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS))
def test_scenes_are_refused_or_right(part, record_property):
    counts: Counter[str] = Counter()

    @profile(part, few=12)
    @given(scenes())
    def drawn(scene: Scene) -> None:
        refused = judge(scene)
        counts.update(["scenes", *scene.traits, "refused" if refused else f"written: {scene.options.get('object')}"])
        assert scene.traits
        if refused:
            counts.update(f"refused: {refusal.what[:60]}" for refusal in refused.refusals)

    try:
        drawn()
    finally:
        record_property("census", json.dumps(counts))
    assert counts["refused"] < 0.6 * counts["scenes"]
    assert counts["contours"] > 0
    assert counts["several layers"] > counts["scenes"] / 3
    assert not EXAMPLES or all(counts[f"written: {key}"] for key in OBJECTS)


def test_the_judges_find_faults(monkeypatch):
    right = draft.make_grid

    def half_a_voxel_off(*args, **kwargs):
        grid = right(*args, **kwargs)
        shift = 0.5 * float(grid.pixel_spacing[0])
        return replace(grid, origin=tuple(x + shift for x in grid.origin))

    monkeypatch.setattr(draft, "make_grid", half_a_voxel_off)

    @first_failure(20)
    @given(scenes())
    def drawn(scene: Scene) -> None:
        judge(replace(scene, patient=None, settings=()))

    with pytest.raises(AssertionError, match="away|outside"):
        drawn()

"""A cluster reads, and this process writes, what has several frames in a file: the same bytes as without one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pydicom
import pytest

from judges.volumes import indexed, oblique
from napari_dicom_writer import ExportCancelled, ExportOptions, LayerOptions, Volume, export, plan_export
from napari_dicom_writer.destinations import open_destination
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.writing.threads import write_volumes

da = pytest.importorskip("dask.array")
pytest.importorskip("distributed")

pytestmark = pytest.mark.xdist_group("cluster")


def lazy(values):
    return Volume(da.from_array(values, chunks=(2, 8, 9)), affine=oblique(), name="scan")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of an export, whether it is one or a folder of them."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.dcm")}


@pytest.mark.parametrize(
    "options",
    [{"object": "multi-frame", "transfer_syntax": "rle"}, {"object": "parametric-map", "companion": True}],
    ids=["compressed", "beside one file a plane"],
)
def test_files_of_several_frames_are_the_same_from_a_cluster(two, tmp_path, options):
    from napari_dicom_writer.writing.cluster.cluster import write_distributed

    volume = lazy(indexed((6, 8, 9), "float32") / 7 if "companion" in options else indexed((6, 8, 9), "int16"))
    plan = plan_export(volume, ExportOptions(**options))
    made = []
    for name in ("here", "cluster"):
        counts = []
        (tmp_path / name).mkdir()
        with open_destination(tmp_path / name / "x", plan, overwrite=False).stage() as staging:
            done = lambda n=1, counts=counts: counts.append(n)  # noqa: E731
            folders = [str(staging.folder(series)) for series in plan.series]
            write = write_volumes if name == "here" else partial(write_distributed, client=two)
            size = write(plan, [volume], folders, VerifyLevel.FULL, done).bytes
            staging.publish()
        files = contents(tmp_path / name)
        assert (sum(counts), size) == (plan.frames, sum(map(len, files.values())))
        made.append(files)
    assert made[0] == made[1]


def test_masks_are_the_same_from_a_cluster(two, tmp_path):
    labels = np.zeros((5, 9, 7), np.uint8)
    labels[1:3, 2:5, 1:4], labels[2:, 6:, 3:] = 1, 2
    layer = (labels, {"scale": (2, 1, 1), "units": ("mm",) * 3}, "labels")
    report = export(layer, tmp_path / "x", ExportOptions(segmentation_type="binary"), client=two)
    dataset = pydicom.dcmread(report.path)
    found = np.zeros_like(labels)
    for group, frame in zip(dataset.PerFrameFunctionalGroupsSequence, dataset.pixel_array, strict=True):
        plane = round(float(group.PlanePositionSequence[0].ImagePositionPatient[2]) / 2)
        found[plane][frame == 1] = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
    np.testing.assert_array_equal(found, labels)


@pytest.mark.parametrize("kinds", [["labels"], ["shapes"], ["labels", "shapes"]], ids="+".join)
def test_contours_are_the_same_from_a_cluster(two, tmp_path, kinds):
    """Workers read, and this process traces."""
    told = {"scale": (2, 1, 1), "units": ("mm",) * 3, "name": "drawn"}
    labels = np.zeros((4, 9, 7), np.uint8)
    labels[1:3, 2:5, 1:4], labels[2:, 6:, 3:] = 1, 2
    square = np.array([[1, 2, 1], [1, 2, 4], [1, 5, 4], [1, 5, 1]], float)
    drawn = {"labels": (da.from_array(labels, chunks=(1, 9, 7)), told, "labels"), "shapes": ([square], told, "shapes")}
    scan = (da.from_array(indexed((4, 9, 7)), chunks=(2, 9, 7)), told, "image")
    found = []
    for name, client in (("here", None), ("cluster", two)):
        layers = [scan, *((drawn[kind], LayerOptions(object="rt-structure-set")) for kind in kinds)]
        path = export(layers, tmp_path / name, client=client).path
        (contours,) = [one for one in map(pydicom.dcmread, path.rglob("*.dcm")) if one.Modality == "RTSTRUCT"]
        rois = contours.ROIContourSequence
        found.append([[contour.ContourData for contour in roi.ContourSequence] for roi in rois])
    assert found[0] == found[1]


def test_a_cancelled_export_leaves_nothing(two, tmp_path):
    def cancel(done: int, total: int) -> None:
        if done:
            raise ExportCancelled

    options = ExportOptions(object="multi-frame")
    with pytest.raises(ExportCancelled):
        export(lazy(indexed((6, 8, 9))), tmp_path / "x", options, client=two, progress=cancel)
    assert list(tmp_path.iterdir()) == []

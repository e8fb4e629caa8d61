"""RT Structure Sets whose regions lie in the spaces of several images, or in one that no image has."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from judges.structure_sets import item, saved, structure_set
from napari_dicom_writer import Volume, export, read

SHAPE = (4, 10, 12)
SQUARE = np.array([[2, 3, 0], [8, 3, 0], [8, 7, 0], [2, 7, 0.0]])
FINE, COARSE = np.diag([2.0, 1, 1, 1])[[2, 1, 0, 3]], np.diag([3.0, 2, 2, 1])[[2, 1, 0, 3]]


@pytest.fixture
def study(tmp_path):
    """Two images of one study, a space each, and a set with a region in either."""
    headers = []
    for name, affine in (("fine", FINE), ("coarse", COARSE)):
        path = export(Volume(np.zeros(SHAPE, np.int16), affine=affine, name=name), tmp_path / name).path
        headers.append(pydicom.dcmread(next(path.rglob("*.dcm"))))
    fine, coarse = headers
    rois = {"near": [("CLOSED_PLANAR", SQUARE)], "far": [("CLOSED_PLANAR", SQUARE + np.array([0, 0, 6]))]}
    made = structure_set(rois, fine)
    made.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = coarse.FrameOfReferenceUID
    series = item(SeriesInstanceUID=coarse.SeriesInstanceUID)
    made.ReferencedFrameOfReferenceSequence.append(
        item(
            FrameOfReferenceUID=coarse.FrameOfReferenceUID,
            RTReferencedStudySequence=[item(RTReferencedSeriesSequence=[series])],
        )
    )
    saved(made, tmp_path / "contours")
    return tmp_path, made


@pytest.mark.parametrize("structures", ["together", "labels"])
def test_each_region_lies_on_the_image_of_its_space(study, structures):
    folder, _ = study
    told: list[str] = []
    drawn = [layer for layer in read(folder, structures=structures, announce=told.append) if layer[2] != "image"]
    found = {layer[1]["name"]: (layer[1]["features"]["name"], tuple(layer[1]["scale"])) for layer in drawn}
    assert found == {"plan, on 'fine'": (["near"], (2, 1, 1)), "plan, on 'coarse'": (["far"], (3, 2, 2))}
    if structures == "labels":  # centers on the line included
        planes = {layer[1]["name"]: np.unique(np.nonzero(layer[0])[0]).tolist() for layer in drawn}
        assert planes == {"plan, on 'fine'": [0], "plan, on 'coarse'": [2]}
        assert sorted(int((layer[0] > 0).sum()) for layer in drawn) == [4 * 2, 7 * 5]
    assert told == []


def test_a_space_that_no_image_has_is_told_with_its_regions(study):
    folder, made = study
    made.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = generate_uid()
    saved(made, folder / "contours")
    told: list[str] = []
    read(folder, announce=told.append)
    words = "Coordinates of 'far' are of another frame of reference than those of 'fine': taken as the same"
    assert any(words in text for text in told)

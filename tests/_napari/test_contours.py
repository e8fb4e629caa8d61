"""Contours of other programs in the viewer: some polygons are more than napari can part into triangles."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest
from napari.layers import Layer

from judges.structure_sets import saved, structure_set
from napari_dicom_writer import read
from napari_dicom_writer._napari.contours import showable
from napari_dicom_writer._napari.reader import open_layers

A, B, C, D = (0, 0, 0), (0, 8, 0), (9, 8, 0), (9, 0, 0)
pytestmark = pytest.mark.filterwarnings("ignore:DICOM")


@pytest.mark.parametrize(
    ("corners", "kind", "kept"),
    [
        ([A, A, B, C, D, A], "polygon", 5),  # napari refuses a first point that is there twice, and once more
        ([A, B, C, D, A], "polygon", 5),
        ([A, B, C, B], "path", 5),  # there and back
        ([A, B, C, (4, 8, 0)], "path", 5),  # a spike
        ([A, A, A], "path", 4),
    ],
)
def test_odd_contours_are_opened_by_anybody(tmp_path, corners, kind, kept):
    path = saved(structure_set({"a": [("CLOSED_PLANAR", np.array(corners, float))]}), tmp_path)
    (layer,) = read(path, announce=lambda _: None)
    made = Layer.create(*layer)
    assert (list(made.shape_type), len(made.data[0])) == ([kind], kept)


def test_what_napari_refuses_is_a_closed_path(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where it writes what it fails at
    square, touching = (
        np.array([A, B, C, D]),
        np.array([(0, 3, 1), (0, 0, 1), (0, 0, 0), (0, 3, 1), (0, 2, 1), (0, 3, 2)]),
    )
    data = [square, touching[:, [0, 2, 1]], square + 1]
    with pytest.raises(RuntimeError, match="Triangulation failed"):
        Layer.create(data, {"shape_type": ["polygon"] * 3}, "shapes")
    found, attributes, _ = showable((data, {"shape_type": ["polygon"] * 3}, "shapes"))
    assert attributes["shape_type"] == ["polygon", "path", "polygon"]
    np.testing.assert_array_equal(found[1], [*data[1], data[1][0]])
    Layer.create(found, attributes, "shapes")


def test_the_reader_gives_what_napari_can_show(tmp_path):
    saved(
        structure_set({"a": [("CLOSED_PLANAR", np.array([A, B, C, D], float))], "b": [("POINT", np.eye(3))]}), tmp_path
    )
    assert [layer[2] for layer in open_layers(str(tmp_path))] == ["shapes", "points"]

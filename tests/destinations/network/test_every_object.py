"""Every object that is written, as every kind of layer asks for it: a PACS takes it, and it comes back the same."""

from __future__ import annotations

import numpy as np
import pytest

from judges.tables import of
from judges.volumes import oblique_volume
from napari_dicom_writer import ExportOptions, LayerOptions, Volume, export
from napari_dicom_writer.destinations import DESTINATIONS
from napari_dicom_writer.destinations.network.peers import peer_at
from napari_dicom_writer.destinations.network.sending import send, staged_files
from napari_dicom_writer.iods import IMAGE, IODS, LABELS, POINTS, SHAPES
from napari_dicom_writer.layers.from_volume import to_layer
from napari_dicom_writer.options.choices import SegmentationType

pytestmark = pytest.mark.xdist_group("orthanc")
IMAGES = oblique_volume()
PARTS = Volume(IMAGES.array / IMAGES.array.max(), affine=IMAGES.affine)
ATTRIBUTES = to_layer(IMAGES)[1] | {"name": "drawn"}
OUTLINE = np.array([[1, 1, 1], [1, 1, 3], [1, 2, 3]])
LAYERS = {
    IMAGE: IMAGES,
    LABELS: (np.array(IMAGES.array) % 3, {k: v for k, v in ATTRIBUTES.items() if k != "contrast_limits"}, "labels"),
    SHAPES: ([OUTLINE], ATTRIBUTES | {"shape_type": "polygon"}, "shapes"),
    POINTS: (OUTLINE, ATTRIBUTES, "points"),
}
TYPES = [kind for kind in SegmentationType if kind is not SegmentationType.AUTO]


def scenes(key):
    """Layers and options that make an object, each way there is."""
    for layer in IODS.row(key).layers:
        if key != "segmentation":
            beside = [] if layer == IMAGE else [IMAGES]
            own = LayerOptions(object=key) if beside else None
            yield [*beside, (LAYERS[layer], own) if own else LAYERS[layer]], {} if beside else of(key)
            continue
        for kind in TYPES:
            of_parts = kind is SegmentationType.FRACTIONAL
            yield [IMAGES, (PARTS if of_parts else LAYERS[layer], LayerOptions(object=key, segmentation_type=kind))], {}


@pytest.mark.parametrize("to", [key for key, kind in DESTINATIONS.items() if kind.remote])
@pytest.mark.parametrize("key", IODS)
def test_it_arrives_as_it_was_staged(pacs, to, key, tmp_path):
    for number, (layers, options) in enumerate(scenes(key)):
        report = export(layers, tmp_path / str(number), ExportOptions(**options))
        assert report.plan.series[-1].iod == key
    sent = send(DESTINATIONS[to].link(peer_at(pacs.address(to))), staged_files(tmp_path), lambda: None)
    assert sent.complete, str(sent)
    pacs.check_same(tmp_path)

"""Once lossy, always lossy: what is made of an image that was compressed with loss says so, whatever it becomes."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from judges.readers import dciodvfy, dicom_files
from judges.series import edit, only_layer
from judges.tables import OBJECTS, of
from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer.reading.loss import lossy_before

PLACE = {"scale": (2, 1, 1), "units": ("mm",) * 3}
LABELS = (np.ones((2, 5, 6), "u1"), PLACE, "labels")
SAID = ("01", ["ISO_15444_1", "ISO_14495_1"], [12.5, 3])


@pytest.fixture(scope="module")
def lossy(tmp_path_factory):
    values = np.arange(60, dtype="i2").reshape(2, 5, 6)
    path = export(Volume(values, spacing=(2, 1, 1)), tmp_path_factory.mktemp("lossy") / "sc").path
    for file in dicom_files(path):
        said = zip(("", "Method", "Ratio"), SAID, strict=True)
        edit(file, **{f"LossyImageCompression{name}": value for name, value in said})
    return path


def loss(header):
    return tuple(header.get(f"LossyImageCompression{name}") for name in ("", "Method", "Ratio"))


def written(given, path, **options):
    report = export(given, path, ExportOptions(**options))
    assert not [note.text for note in report.plan.notes if "Lossy Image Compression 00" in note.text]
    return dicom_files(report.path)[0]


@pytest.mark.parametrize("by", ["reference", "what was opened"])
def test_every_object_says_so(tmp_path, lossy, by):
    layer = only_layer(lossy)
    options = {"reference": lossy} if by == "reference" else {}
    image = (np.array(layer[0]), PLACE, "image") if by == "reference" else layer
    files = [written(image, tmp_path / key, **of(key), **options) for key in OBJECTS]
    assert [loss(pydicom.dcmread(file)) for file in files] == [SAID] * len(files)
    assert dciodvfy(files) == ([], [])


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
def test_labels_on_it_say_so(tmp_path, lossy, kind):
    given = {"segmentation_type": kind}
    file = written(LABELS, tmp_path / "of a reference", reference=lossy, **given)
    beside = export([only_layer(lossy), LABELS], tmp_path / "beside", ExportOptions(**given)).path
    (other,) = [path for path in dicom_files(beside) if pydicom.dcmread(path).Modality == "SEG"]
    assert [loss(pydicom.dcmread(path)) for path in (file, other)] == [SAID, SAID]
    assert dciodvfy([file, other]) == ([], [])
    alone = pydicom.dcmread(written(LABELS, tmp_path / "alone", **given))
    assert loss(alone) == ("00", None, None)


def test_a_further_compression_is_said_behind_those_before(tmp_path, lossy):
    file = written(only_layer(lossy), tmp_path / "again", transfer_syntax="jpeg-ls-lossy")
    _, methods, ratios = loss(pydicom.dcmread(file))
    assert methods == [*SAID[1], "ISO_14495_1"]
    assert ratios[:2] == SAID[2]
    assert len(ratios) == 3


def test_what_is_said_in_part_is_kept_in_part():
    header = pydicom.Dataset()
    assert lossy_before(header) == ()
    header.LossyImageCompression = "01"
    assert lossy_before(header) == (("", 0.0),)
    header.LossyImageCompressionMethod = ["ISO_10918_1", "ISO_15444_1"]
    assert lossy_before(header) == (("ISO_10918_1", 0.0), ("ISO_15444_1", 0.0))
    header.LossyImageCompressionRatio = 5
    assert lossy_before(header) == (("ISO_10918_1", 0.0), ("ISO_15444_1", 0.0))
    jpeg = pydicom.dcmread(get_testdata_file("SC_rgb_jpeg_dcmtk.dcm", download=False))
    assert lossy_before(jpeg)[0][0] == "ISO_10918_1"


@pytest.mark.parametrize("syntax", ["explicit-le", "jpeg-ls-lossy"])
def test_a_loss_of_unknown_kind_is_no_method_and_no_ratio(tmp_path, syntax):
    volume = Volume(np.arange(60, dtype="i2").reshape(2, 5, 6), spacing=(2, 1, 1), lossy=[("", 0.0)])
    found = loss(pydicom.dcmread(written(volume, tmp_path / "x", transfer_syntax=syntax)))
    assert found[0] == "01"
    assert (found[1] is None) == (found[2] is None) == (syntax == "explicit-le")

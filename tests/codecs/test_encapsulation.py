"""Fragments, and what is said of loss."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.encaps import generate_fragments, parse_basic_offsets

from napari_dicom_writer.iods.modules.image import compression_ratio, lossy_attributes
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.writing.encapsulation import encapsulate


@pytest.mark.parametrize("codestream", [b"even", b"odd", b"\xff\xd8" * 5000, b"x"])
def test_one_frame_is_one_fragment(codestream):
    pieces = encapsulate(codestream)
    assert pieces[1] is codestream
    value = b"".join(pieces)
    assert len(value) % 2 == 0
    assert value == pydicom.encaps.encapsulate([codestream], has_bot=False) + b"\xfe\xff\xdd\xe0\0\0\0\0"
    stream = pydicom.filebase.DicomBytesIO(value)
    assert parse_basic_offsets(stream) == []
    (fragment,) = generate_fragments(stream)
    assert fragment == codestream + b"\0" * (len(codestream) % 2)


@pytest.mark.parametrize("syntax", TransferSyntax)
def test_loss_is_said_by_its_terms(syntax):
    attributes = lossy_attributes(syntax)
    method = {"jpeg-ls-lossy": "ISO_14495_1", "jpeg-2000-lossy": "ISO_15444_1"}.get(syntax)
    if method is None:
        assert attributes == {}, "what the source lost before is not known"
    else:
        assert attributes == {"LossyImageCompression": "01", "LossyImageCompressionMethod": [method]}


@pytest.mark.parametrize("syntax", TransferSyntax)
def test_what_once_lost_something_says_so_forever(syntax):
    attributes = lossy_attributes(syntax, [("ISO_10918_1", 12.5)])
    assert attributes["LossyImageCompression"] == "01"
    assert attributes["LossyImageCompressionMethod"][0] == "ISO_10918_1"
    assert attributes.get("LossyImageCompressionRatio", ["12.5"]) == ["12.5"]
    assert compression_ratio(1000, 100, [("ISO_10918_1", 12.5)]) == "12.5\\10.0"


@pytest.mark.parametrize(
    ("native", "codestream", "ratio"),
    [(1000, 100, "10.0"), (1000, 99, "10.0"), (2**32 - 2, 2, "2147480000.0"), (2, 300, "0.00666667"), (3, 7, "0.375")],
)
def test_ratio_counts_the_padding(native, codestream, ratio):
    assert compression_ratio(native, codestream) == ratio
    assert len(ratio) <= 16

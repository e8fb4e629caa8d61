"""The table of transfer syntaxes, and the options that steer the lossy ones."""

from __future__ import annotations

import math
from importlib.util import find_spec

import numpy as np
import pytest

from napari_dicom_writer import ExportOptions
from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

UIDS = {
    "explicit-le": "1.2.840.10008.1.2.1",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-ls-lossy": "1.2.840.10008.1.2.4.81",
    "jpeg-2000": "1.2.840.10008.1.2.4.90",
    "jpeg-2000-lossy": "1.2.840.10008.1.2.4.91",
    "htj2k": "1.2.840.10008.1.2.4.201",
    "deflated": "1.2.840.10008.1.2.1.99",
}


def test_every_member_has_the_uid_of_part_6():
    assert {str(syntax): str(syntax.uid) for syntax in TransferSyntax} == UIDS


@pytest.mark.parametrize("syntax", TransferSyntax)
def test_what_the_table_says_agrees_with_pydicom(syntax):
    assert syntax.encapsulated == syntax.uid.is_encapsulated
    assert (syntax == TransferSyntax.DEFLATED) == syntax.uid.is_deflated
    assert syntax.lossless == ("lossy" not in syntax)
    assert bool(syntax.row.codec) == bool(syntax.row.package) == bool(syntax.row.extra)
    if syntax.row.codec:
        assert find_spec(f"napari_dicom_writer.codecs.{syntax.row.codec}")


def test_jpeg_2000_transforms_colors():
    colors = {str(syntax): syntax.photometric_interpretation(3) for syntax in TransferSyntax}
    assert {s for s, color in colors.items() if color == "YBR_RCT"} == {"jpeg-2000", "htj2k"}
    assert {s for s, color in colors.items() if color == "YBR_ICT"} == {"jpeg-2000-lossy"}
    assert {syntax.photometric_interpretation(1) for syntax in TransferSyntax} == {"MONOCHROME2"}


@pytest.mark.parametrize("syntax", TransferSyntax)
def test_options_take_every_name(syntax):
    assert ExportOptions(transfer_syntax=str(syntax)).transfer_syntax is syntax


@pytest.mark.parametrize("error", [0, -1, 256, 1.5, True, None, "3", math.nan])
def test_an_error_jpeg_ls_cannot_be_held_to_is_refused(error):
    with pytest.raises(OptionsError, match="lossy_error.* (Give an integer from 1 to 255|as an integer)"):
        ExportOptions(lossy_error=error)


@pytest.mark.parametrize("ratio", [1, 0.5, 0, -3, math.nan, math.inf, True, None, "10"])
def test_a_ratio_that_is_none_is_refused(ratio):
    with pytest.raises(OptionsError, match="lossy_ratio.* (Give a number above 1|as a number)"):
        ExportOptions(lossy_ratio=ratio)


def test_numbers_of_numpy_are_numbers():
    options = ExportOptions(lossy_error=np.int16(3), lossy_ratio=np.float32(2.5))
    assert (options.lossy_error, options.lossy_ratio) == (3, 2.5)

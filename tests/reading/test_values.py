"""What stored values become: colors of a palette, values of a table, only the bits that are stored; or left alone."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file
from pydicom.pixels.decoders.base import get_decoder

from judges.frames import instance, item
from judges.readers import simpleitk_file
from judges.volumes import indexed
from napari_dicom_writer import ExportOptions, Volume, export, read
from napari_dicom_writer.reading.decoding.gray_jpeg import plug_in

SC = "1.2.840.10008.5.1.4.1.1.7"
PLACE = {
    "ImagePositionPatient": [0, 0, 0],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PixelSpacing": [1, 1],
    "SliceThickness": 1,
}


def only(path, **how):
    told: list[str] = []
    (layer,) = read(path, announce=told.append, **how)
    assert told == []
    return layer


def picture(path, stored, **attributes):
    return instance(path, stored[np.newaxis], SC, NumberOfFrames=None, **PLACE, **attributes)


def palette(entries, first, bits, dtype):
    colors = {}
    for sample, name in enumerate(("Red", "Green", "Blue")):
        colors[f"{name}PaletteColorLookupTableDescriptor"] = [len(entries), first, bits]
        data = entries[:, sample].astype(dtype).tobytes()
        colors[f"{name}PaletteColorLookupTableData"] = data + b"\0" * (len(data) % 2)
    return colors


@pytest.mark.parametrize(("bits", "dtype", "scale"), [(16, "<u2", 257), (8, "<u2", 1), (8, "u1", 1), (16, "<u2", 1)])
@pytest.mark.parametrize("first", [0, 2])
def test_entries_of_a_palette_are_colors(tmp_path, bits, dtype, scale, first):
    entries = np.random.default_rng(0).integers(0, 256, (301, 3))
    stored = np.random.default_rng(1).integers(0, 310, (4, 5)).astype(np.uint16)
    path = picture(
        tmp_path / "x.dcm",
        stored,
        PhotometricInterpretation="PALETTE COLOR",
        **palette(entries * scale, first, bits, dtype),
    )
    data, attributes, _ = only(path)
    expected = entries[np.clip(stored.astype(int) - first, 0, 300)]
    np.testing.assert_array_equal(data[0], expected)
    assert (attributes["rgb"], data.dtype) == (True, np.uint8)
    data, attributes, _ = only(path, values="stored")
    np.testing.assert_array_equal(data[0], stored)
    assert not attributes["rgb"]


def test_a_palette_of_others_agrees_with_simpleitk():
    path = get_testdata_file("examples_palette.dcm")
    ((data, _, _),) = read(path, announce=lambda text: None)
    np.testing.assert_array_equal(data, simpleitk_file(path).values)


def test_a_modality_table_says_real_values(tmp_path):
    table = item(LUTDescriptor=[4, 10, 16], ModalityLUTType="US", LUTData=np.array([7, 300, 5, 40000], "<u2").tobytes())
    stored = np.array([[9, 10, 11], [12, 13, 14]], np.uint16)
    window = {"WindowCenter": 100.5, "WindowWidth": 200}
    path = picture(tmp_path / "x.dcm", stored, ModalityLUTSequence=[table], **window)
    data, attributes, _ = only(path)
    assert data.dtype == np.uint16
    np.testing.assert_array_equal(data[0], [[7, 7, 300], [5, 40000, 40000]])
    assert attributes["contrast_limits"] == (0.5, 199.5)


@pytest.mark.parametrize("signed", [False, True])
def test_overlays_in_high_bits_are_no_values(tmp_path, signed):
    values = np.arange(-10 if signed else 0, 20 if signed else 30).reshape(5, 6)
    stored = (values & 0xFFF | np.random.default_rng(0).integers(0, 2, (5, 6)) << 12).astype(np.uint16)
    bits = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": int(signed)}
    path = picture(tmp_path / "x.dcm", stored, **bits)
    np.testing.assert_array_equal(only(path)[0][0], values)


def test_stored_values_are_left_alone(tmp_path):
    options = ExportOptions(modality="CT")
    path = export(Volume(indexed() - 1000.5, spacing=(1, 1, 1), window=(-900, 100)), tmp_path / "x", options).path
    headers = [pydicom.dcmread(file) for file in sorted(path.rglob("*.dcm"))]
    data, attributes, _ = only(path, values="stored")
    np.testing.assert_array_equal(data, np.stack([header.pixel_array for header in headers]))
    first = headers[0]
    ends = [(end - first.RescaleIntercept) / first.RescaleSlope for end in only(path)[1]["contrast_limits"]]
    assert attributes["contrast_limits"] == pytest.approx(tuple(map(float, ends)))
    with pytest.raises(ValueError, match="'real' or 'stored'"):
        read(path, values="raw")


@pytest.mark.parametrize(
    "name", ["SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_ybr_full_422_uncompressed.dcm", "SC_rgb_gdcm_KY.dcm"]
)
def test_luminance_and_chrominance_become_colors(name):
    path = get_testdata_file(name)
    ((data, _, _),) = read(path, announce=lambda text: None)
    np.testing.assert_allclose(np.asarray(data[0], int), simpleitk_file(path).values[0].astype(int), atol=2)


@pytest.mark.parametrize("name", ["JPEG-lossy.dcm", "JPGExtended.dcm"])
def test_twelve_bits_of_jpeg_are_decoded(name):
    path = get_testdata_file(name)
    ((data, _, _),) = read(path, announce=lambda text: None)
    np.testing.assert_array_equal(data, simpleitk_file(path).values)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lossless_jpeg_is_decoded_without_gdcm(tmp_path, dtype):
    values = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (2, 9, 11)).astype(dtype)
    writer = sitk.ImageFileWriter()
    writer.SetFileName(str(tmp_path / "x.dcm"))
    writer.UseCompressionOn()
    writer.SetCompressor("JPEG")
    writer.Execute(sitk.GetImageFromArray(values))
    np.testing.assert_array_equal(only(tmp_path / "x.dcm")[0], values)
    plug_in()
    dataset = pydicom.dcmread(tmp_path / "x.dcm")
    frames, _ = get_decoder(dataset.file_meta.TransferSyntaxUID).as_array(dataset, decoding_plugin="imagecodecs")
    np.testing.assert_array_equal(frames, values)

"""The table of a header against the file that is written from the same plan, element by element."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from judges.tables import MODALITIES
from judges.volumes import affine_of, oblique
from napari_dicom_writer import ExportOptions, Patient, Series, Study, TransferSyntax, Volume, plan_export
from napari_dicom_writer.iods.header_rows import LATER, HeaderRow, header_rows
from napari_dicom_writer.iods.modules.image import LOSSY_RATIO
from napari_dicom_writer.writing.encode import SeriesEncoder

RNG = np.random.default_rng(7)
AFFINE = affine_of(oblique()[:3, :3], (1.5, -20, 300))
VOLUMES = {
    "int16": Volume(RNG.integers(-99, 99, (3, 40, 33), np.int16), affine=AFFINE, window=(0, 50), name="scan"),
    "uint8": Volume(RNG.integers(0, 99, (3, 41, 33), np.uint8), affine=AFFINE),
    "float": Volume(RNG.normal(size=(3, 40, 33)), affine=AFFINE, window=(-0.25, 0.5)),
    "time": Volume(
        RNG.normal(size=(2, 3, 40, 33)), affine=AFFINE, axes=("time", "plane", "row", "column"), time_step=0.7
    ),
    "rgb": Volume(RNG.integers(0, 256, (3, 40, 33, 3), np.uint8), affine=AFFINE, rgb=True),
}
TEXT = {
    "patient": Patient(name="Yamada^Tarou=山田^太郎", id="Ä-1", birth_date="1952-02-29", sex="O"),
    "study": Study(description="odd", referring_physician="Müller^Ü"),
    "series": Series(description="脳", body_part="BRAIN", operator="Who"),
}


def elements(dataset: pydicom.Dataset, depth: int = 0) -> list[HeaderRow]:
    """Read the rows out of a parsed file, in the plainest way."""
    rows = []
    for element in dataset:
        tag = f"({element.tag.group:04X},{element.tag.element:04X})"
        if element.VR == "SQ":
            value = "1 item" if len(element.value) == 1 else f"{len(element.value)} items"
        elif isinstance(element.value, bytes):
            value = element.value.hex(" ")
        elif isinstance(element.value, pydicom.multival.MultiValue):
            value = "\\".join(str(v) for v in element.value)
        else:
            value = "" if element.value is None else str(element.value)
        rows.append(HeaderRow(tag, element.name, element.keyword, element.VR, value, depth))
        if element.VR == "SQ":
            for number, item in enumerate(element.value, 1):
                rows += [HeaderRow("(FFFE,E000)", f"Item {number}", "", "", "", depth + 1), *elements(item, depth + 2)]
    return rows


def assert_header(volume, options, path) -> HeaderRow:
    """Compare the rows with the last instance's file, and return the row of its pixels."""
    (series,) = plan_export(volume, options).series
    instance = series.instances[-1]
    frame = instance.frame
    values = volume.read(frame.leading, frame.plane, frame.plane + 1)[0]
    SeriesEncoder(series).write(path, instance, series.stored.encode(values))
    read = pydicom.dcmread(path)
    pixels = read["PixelData"]
    read_rows = elements(read.file_meta) + [row for row in elements(read) if row.keyword != "PixelData"]
    *rows, last = header_rows(series, instance)
    later = [row for row in rows if row.keyword == LOSSY_RATIO]
    assert [row.value for row in later] == ([] if options.transfer_syntax.lossless else [LATER])
    assert [row for row in rows if row not in later] == [row for row in read_rows if row.keyword != LOSSY_RATIO]
    assert [row.tag for row in rows] == [row.tag for row in read_rows]
    assert (last.tag, last.name, last.keyword, last.vr) == ("(7FE0,0010)", pixels.name, pixels.keyword, pixels.VR)
    if not options.transfer_syntax.encapsulated:
        assert f"{series.frame_bytes:,} bytes" in last.value
        assert len(pixels.value) == series.frame_bytes + series.frame_bytes % 2
    return last


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("name", ["int16", "uint8", "float", "time"])
def test_rows_are_the_elements_of_the_file(tmp_path, name, modality):
    assert_header(VOLUMES[name], ExportOptions(modality=modality), tmp_path / "x.dcm")


@pytest.mark.parametrize("modality", ["OT", "CT", "MR"])
def test_text_of_any_language_is_read_as_it_is_shown(tmp_path, modality):
    assert_header(VOLUMES["float"], ExportOptions(modality=modality, value_unit="HU", **TEXT), tmp_path / "x.dcm")


@pytest.mark.parametrize("syntax", TransferSyntax)
@pytest.mark.parametrize("name", ["int16", "rgb"])
def test_every_transfer_syntax_has_its_rows(tmp_path, name, syntax):
    row = assert_header(VOLUMES[name], ExportOptions(transfer_syntax=syntax), tmp_path / "x.dcm")
    assert row.value.startswith("at most ") == (syntax is not TransferSyntax.EXPLICIT_LE)


def test_pixel_data_say_their_size_and_kind():
    def last(volume, **options):
        (series,) = plan_export(volume, ExportOptions(**options)).series
        return header_rows(series)[-1].value

    assert last(Volume(np.zeros((1, 256, 256), np.int16))) == "131,072 bytes, 256 × 256, 16-bit signed"
    assert last(Volume(np.zeros((1, 3, 5), np.uint8))) == "15 bytes and one of padding, 3 × 5, 8-bit unsigned"
    assert last(VOLUMES["rgb"]) == "3,960 bytes, 40 × 33, 8-bit RGB"
    assert last(VOLUMES["int16"], transfer_syntax="rle") == "at most 2,640 bytes, 40 × 33, 16-bit signed, RLE Lossless"


def test_the_first_instance_is_the_default():
    (series,) = plan_export(VOLUMES["int16"]).series
    assert header_rows(series) == header_rows(series, series.instances[0]) != header_rows(series, series.instances[1])


def test_a_row_is_what_it_says():
    (series,) = plan_export(VOLUMES["int16"]).series
    rows = {row.keyword: row for row in header_rows(series)}
    assert rows["PatientName"] == HeaderRow("(0010,0010)", "Patient's Name", "PatientName", "PN", "Anonymous^")
    assert rows["FileMetaInformationVersion"].value == "00 01"
    assert (rows["PurposeOfReferenceCodeSequence"].depth, rows["CodeValue"].depth) == (2, 4)

"""Series that are refused, each with its reason."""

from __future__ import annotations

import shutil

import pytest
from pydicom.data import get_testdata_file

from judges.readers import dicom_files
from judges.series import edit
from judges.volumes import oblique_volume
from napari_dicom_writer import ExportOptions, ReadError, Series, export
from napari_dicom_writer.reading.series import read_series


def test_places_without_dicom_are_refused(tmp_path):
    with pytest.raises(ReadError, match="no such folder"):
        read_series(tmp_path / "nowhere")
    with pytest.raises(ReadError, match="no DICOM series"):
        read_series(tmp_path)
    (tmp_path / "x.txt").write_text("no DICOM " * 30)
    with pytest.raises(ReadError, match="no DICOM series"):
        read_series(tmp_path / "x.txt")


def test_a_damaged_file_might_be_a_plane(written):
    raw = (written / "00005.dcm").read_bytes()
    (written / "00005.dcm").write_bytes(raw[:300])
    with pytest.raises(ReadError, match="1 file is damaged"):
        read_series(written)


def test_objects_without_pictures_are_refused():
    with pytest.raises(ReadError, match="hold no pictures"):
        read_series(str(get_testdata_file("rtplan.dcm")))


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"ImagePositionPatient": None}, "No position"),
        ({"ImagePositionPatient": [10, 20, 30.5]}, "not evenly spaced"),
        ({"ImagePositionPatient": [10, 20, 33]}, "From 1 to 2 pictures"),
        ({"ImagePositionPatient": [10, 60, 33]}, "beside each other"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "differ in orientation"),
        ({"PixelSpacing": [4, 4]}, "differ in pixel spacing"),
        ({"Rows": 3}, "differ in size"),
        ({"BitsStored": 12}, "differ in bits"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "lookup table is not described"),
        ({"SamplesPerPixel": 2}, "2 samples a pixel"),
        ({"RescaleSlope": 0, "RescaleIntercept": 0}, "or zero"),
        ({"NumberOfFrames": 2}, "says to hold 2 frames"),
        ({"Rows": None}, "hold no picture"),
    ],
    ids=str,
)
def test_what_is_no_stack_is_refused(written, attributes, reason):
    edit(written / "00003.dcm", **attributes)
    with pytest.raises(ReadError, match=reason) as error:
        read_series(written)
    (refusal,) = error.value.refusals
    assert (refusal.where, bool(refusal.remedy)) == ("series 1", True)


def test_all_series_that_are_no_stacks_are_named(written, tmp_path):
    for file in dicom_files(written):
        edit(file, PixelSpacing=None)
    other = export(oblique_volume(), tmp_path / "other", ExportOptions(series=Series(number="2"))).path
    edit(other / "00001.dcm", ImagePositionPatient=[0, 0, 900])
    with pytest.raises(ReadError) as error:
        read_series(tmp_path)
    assert [refusal.where for refusal in error.value.refusals] == ["series 1", "series 2"]


def test_copies_of_a_file_are_no_time_points(written):
    for file in dicom_files(written):
        shutil.copy(file, file.with_name(f"copy of {file.name}"))
    with pytest.raises(ReadError, match="nothing tells which comes first"):
        read_series(written)


def test_a_message_names_no_path(tmp_path):
    folder = tmp_path / "Doe^Jane"
    with pytest.raises(ReadError) as error:
        read_series(folder)
    assert "Doe" not in str(error.value)

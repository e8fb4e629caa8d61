"""What headers of single planes say about values, windows, times and places."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from judges.planes import series
from judges.readers import dicom_files, simpleitk_file
from judges.series import edit, only
from judges.volumes import indexed, oblique_volume
from napari_dicom_writer import ExportOptions, ReadError, Series, Volume, export
from napari_dicom_writer.reading.catalogue import Catalogue
from napari_dicom_writer.reading.pictures import series_in
from napari_dicom_writer.reading.series import read_series

AXES = ("time", "plane", "row", "column")


def test_slopes_of_single_planes_are_their_own(written):
    for number, file in enumerate(dicom_files(written), 1):
        edit(file, RescaleSlope=number, RescaleIntercept=number / 2)
    values = np.stack([plane * n + n / 2 for n, plane in enumerate(indexed((5, 6, 7)).astype(float), 1)])
    np.testing.assert_array_equal(only(written).array, values)
    np.testing.assert_array_equal(simpleitk_file(written / "00003.dcm").values[0], values[2])


@pytest.mark.parametrize(
    ("attributes", "window"),
    [
        ({"WindowCenter": 40, "WindowWidth": 401}, (-160.5 + 0, 239.5)),
        ({"WindowCenter": [40, 1], "WindowWidth": [400, 2], "VOILUTFunction": "LINEAR_EXACT"}, (-160, 240)),
        ({"VOILUTFunction": "SIGMOID"}, None),
        ({"WindowWidth": 0}, None),
        ({"WindowWidth": None}, None),
    ],
)
def test_windows_are_ends(written, attributes, window):
    for file in dicom_files(written):
        edit(file, **attributes)
    assert only(written).window == window


def test_windows_of_single_planes_are_held_by_one(written):
    edit(written / "00002.dcm", WindowCenter=100.5, WindowWidth=402)
    volume = only(written)
    assert volume.window == (-100.5, 300.5)
    assert "windows of their own" in volume.notes[0].text


@pytest.mark.parametrize("keyword", ["AcquisitionNumber", "AcquisitionTime", "InstanceNumber"])
def test_time_points_are_ordered_by_what_tells_them_apart(tmp_path, keyword):
    path = export(Volume(indexed((3, 2, 4, 5)), spacing=(1, 1, 1), axes=AXES), tmp_path / "x").path
    for file in dicom_files(path):
        dataset = pydicom.dcmread(file)
        point = int(dataset.AcquisitionNumber)
        keys = {"AcquisitionNumber": 1, "AcquisitionTime": "120000", "InstanceNumber": 1}
        keys[keyword] = f"1200{20 - 2 * point:02}.5" if keyword == "AcquisitionTime" else 20 - point
        edit(file, **keys)
    volume = only(path)
    np.testing.assert_array_equal(volume.array, indexed((3, 2, 4, 5))[::-1])
    assert volume.time_step == (2 if keyword == "AcquisitionTime" else None)
    assert any("Instance Number" in note.text for note in volume.notes) == (keyword == "InstanceNumber")


def test_uneven_times_have_no_step(tmp_path):
    path = export(Volume(indexed((3, 2, 4, 5)), spacing=(1, 1, 1), axes=AXES), tmp_path / "x").path
    for file in dicom_files(path):
        point = int(pydicom.dcmread(file).AcquisitionNumber)
        edit(file, AcquisitionTime=f"12000{point**2}")
    assert only(path).time_step is None


def test_a_tilted_gantry_leans_the_grid(written):
    for number, file in enumerate(dicom_files(written)):
        edit(file, ImagePositionPatient=[10, 20 + number, 30 + 3 * number])
    volume = only(written)
    np.testing.assert_allclose(volume.affine[:3, 0], (0, 1, 3))
    np.testing.assert_array_equal(volume.affine[:3, 1:], [[0, 1, 10], [2, 0, 20], [0, 0, 30]])


def test_bright_lows_are_said(written):
    for file in dicom_files(written):
        edit(file, PhotometricInterpretation="MONOCHROME1")
    assert "MONOCHROME1" in only(written).notes[0].text


def test_series_are_ordered_and_one_is_chosen(tmp_path):
    for number in ("10", "9"):
        options = ExportOptions(series=Series(number=number, description=f"s{number}"))
        report = export(oblique_volume(), tmp_path / number, options)
    (tmp_path / "notes.txt").write_text("not DICOM")
    shutil.copy(str(get_testdata_file("reportsi.dcm")), tmp_path / "report.dcm")
    assert [volume.name for volume in read_series(tmp_path)] == ["s9", "s10"]
    (chosen,) = read_series(tmp_path, series_uid=report.plan.series[0].uid)
    assert chosen.name == "s9"
    with pytest.raises(ReadError, match="no series with this UID"):
        read_series(tmp_path, series_uid="1.2.3")


def test_pictures_of_no_series_are_each_its_own(tmp_path):
    for number in range(2):
        dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        del dataset.SeriesInstanceUID
        dataset.RescaleIntercept, dataset.SeriesNumber = 5000 * number, number + 1
        dataset.save_as(tmp_path / f"{number}.dcm")
    first, second = (np.asarray(volume.array) for volume in read_series(tmp_path))
    assert ((second - first) == 5000).all()


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "693_J2KI.dcm"])
def test_other_vendors_planes_agree_with_simpleitk(name):
    path = Path(str(get_testdata_file(name)))
    volume, judge = only(path), simpleitk_file(path)
    np.testing.assert_array_equal(volume.array, judge.values)
    np.testing.assert_allclose(volume.affine[:3, 1:], judge.affine[:3, 1:], atol=1e-5)


def test_what_pictures_say_alike_is_kept_once(tmp_path):
    """A folder may hold tens of thousands of them."""
    series(tmp_path, 2, KVP=120, ConvolutionKernel="B30f", WindowCenter=40, WindowWidth=400)
    (found,) = series_in(Catalogue(tmp_path, sorted(tmp_path.iterdir())))
    one, other = found.pictures
    for keep in ("kind", "stored", "values", "window"):
        assert getattr(one, keep) is getattr(other, keep)
    assert one.place.orientation is other.place.orientation
    assert one.source.options is other.source.options

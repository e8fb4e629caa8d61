"""What shares a series, and no place: fields of view, studies, frames of reference; and what has no position."""

from __future__ import annotations

import numpy as np
import pytest

from judges.planes import series, shown
from judges.series import opened
from napari_dicom_writer import ReadError
from napari_dicom_writer.layers.opened_from import METADATA_KEY
from napari_dicom_writer.reading.series import read_series
from napari_dicom_writer.reading.survey import survey


@pytest.mark.parametrize("lean", [0, 0.5], ids=["upright", "tilted"])
def test_fields_of_view_beside_each_other_are_layers(tmp_path, lean):
    place = {n: [80 * (n % 2), lean * (n // 2), 2 * (n // 2)] for n in range(6)}
    series(tmp_path, 6, each=lambda n: {"ImagePositionPatient": place[n]})
    layers, told = opened(tmp_path)
    assert told == []
    for number, (data, attributes, _) in enumerate(layers):
        assert attributes["name"] == f"s, field of view {number + 1}"
        assert np.asarray(data)[:, 0, 0].tolist() == [number, number + 2, number + 4]
        affine = np.asarray(attributes.get("affine", np.eye(4))) @ np.diag([*attributes["scale"], 1])
        start = attributes.get("translate", affine[:3, 3])
        step = affine[:3, 0]
        for plane in range(3):
            assert (start + plane * step)[::-1] == pytest.approx(place[2 * plane + number])


def test_fields_of_view_that_acquisitions_tell_apart_are_called_by_them(tmp_path):
    places = [[80 * (n % 2), 0, 2 * (n // 2)] for n in range(4)]
    series(tmp_path, 4, each=lambda n: {"ImagePositionPatient": places[n], "AcquisitionNumber": n % 2 + 7})
    assert shown(tmp_path) == ({"s, acquisition 7": [0, 2], "s, acquisition 8": [1, 3]}, [])


def test_time_points_a_little_aside_are_one_axis_with_a_word(tmp_path):
    series(tmp_path, 4, each=lambda n: {"ImagePositionPatient": [0.02 * (n % 2), 0, 2 * (n // 2)]})
    found, told = shown(tmp_path)
    assert found == {"s": [[0, 2], [1, 3]]}
    assert told[0] == "s: Its time points lie up to 0.02 mm apart: placed where the first lies"


def test_one_series_uid_of_two_studies_is_two_series(tmp_path):
    series(tmp_path, each=lambda n: {"StudyInstanceUID": f"1.2.{n % 2}"})
    layers, told = opened(tmp_path)
    assert [np.asarray(data)[:, 0, 0].tolist() for data, _, _ in layers] == [[0, 2], [1, 3]]
    assert {attributes["metadata"][METADATA_KEY]["study"] for _, attributes, _ in layers} == {"1.2.0", "1.2.1"}
    assert told == ["2 studies have a series with the same UID, and layers each"]
    assert [one.instances for one in survey(tmp_path).series] == [2, 2]


def test_positions_in_two_frames_of_reference_are_never_one_stack(tmp_path):
    series(tmp_path, each=lambda n: {"FrameOfReferenceUID": f"1.2.{n % 2}"})
    assert shown(tmp_path) == ({"s, frame of reference 1": [0, 2], "s, frame of reference 2": [1, 3]}, [])
    layers, _ = opened(tmp_path)
    assert [layer[1]["metadata"][METADATA_KEY]["frame_of_reference"] for layer in layers] == ["1.2.0", "1.2.1"]
    with pytest.raises(ReadError, match="several frames of reference"):
        read_series(tmp_path)


@pytest.mark.parametrize(
    ("keyword", "told"),
    [
        ("FrameOfReferenceUID", "Its pictures name 3 frames of reference: taken as one"),
        ("StudyInstanceUID", "Its files name 3 studies: taken as one series"),
    ],
)
def test_a_uid_for_each_file_means_nothing(tmp_path, keyword, told):
    """As programs make them up that are given none, SimpleITK among them."""
    series(tmp_path, 3, each=lambda n: {keyword: f"1.2.{n}"})
    assert shown(tmp_path) == ({"s": [0, 1, 2]}, [f"s: {told}"])


@pytest.mark.parametrize("count", [4, 12])
@pytest.mark.parametrize("missing", [{}, {"ImageOrientationPatient": None}, {"PixelSpacing": None}], ids=str)
def test_planes_without_a_position_are_as_far_apart_as_their_locations(tmp_path, count, missing):
    series(tmp_path, count, each=lambda n: {"SliceLocation": -3 * n}, ImagePositionPatient=None, **missing)
    ((data, attributes, _),), told = opened(tmp_path)
    assert np.asarray(data)[:, 0, 0].tolist() == [*reversed(range(count))]
    assert attributes["scale"] == (3, 1, 1)
    (text,) = told
    assert text.startswith("s: Its position is not known: planes lie by their Slice Location")
    assert ("which nothing says" in text) is ("ImageOrientationPatient" in missing)
    assert ("spacing" in text) is ("PixelSpacing" in missing)
    assert attributes["metadata"][METADATA_KEY]["notes"]
    with pytest.raises(ReadError, match="No position"):
        read_series(tmp_path)


@pytest.mark.parametrize("when", [{}, {"AcquisitionNumber": 1}], ids=str)
def test_planes_that_all_say_one_position_lie_by_their_locations(tmp_path, when):
    locations = [7, 13, 10, 4]
    place = {"ImagePositionPatient": [5, 6, 7], "ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}
    series(tmp_path, each=lambda n: {"SliceLocation": locations[n], **place, **dict.fromkeys(when, n)})
    ((data, attributes, _),), (text,) = opened(tmp_path)
    assert np.asarray(data)[0, 0].tolist() == np.argsort(locations).tolist()
    affine = attributes["affine"] @ np.diag([*attributes["scale"], 1])  # of (z, y, x)
    np.testing.assert_allclose(affine[:3, 2:], [[0, 7], [0, 6], [-3, 5]], atol=1e-9)
    assert text.startswith("s: Its pictures have one position and several Slice Locations")


def test_pictures_at_one_place_whose_locations_are_the_same_are_time_points(tmp_path):
    series(tmp_path, plane=lambda n: 0, each=lambda n: {"SliceLocation": 1 + n * 1e-5, "AcquisitionNumber": n})
    assert shown(tmp_path) == ({"s": [[0], [1], [2], [3]]}, [])


def test_a_location_moves_nothing_that_has_a_position(tmp_path):
    series(tmp_path, each=lambda n: {"SliceLocation": 100 - n})
    assert shown(tmp_path) == ({"s": [0, 1, 2, 3]}, [])


def test_time_points_a_little_above_each_other_are_one_axis_with_a_word(tmp_path):
    """Nothing but their times tells them apart, which they were not cut by."""
    off = (0, 0.002, -0.002)
    series(tmp_path, 9, lambda n: n % 3 + off[n // 3], lambda n: {"AcquisitionTime": f"10000{n // 3}"})
    told = ["s: Its time points lie up to 0.008 mm apart: placed where the first lies"]
    assert shown(tmp_path) == ({"s": [[0, 1, 2], [3, 4, 5], [6, 7, 8]]}, told)


def test_a_location_that_is_measured_anew_makes_no_planes(tmp_path):
    series(tmp_path, plane=lambda n: 0, each=lambda n: {"SliceLocation": 1 + n % 2 * 0.01, "AcquisitionNumber": n})
    assert shown(tmp_path) == ({"s": [[0], [1], [2], [3]]}, [])

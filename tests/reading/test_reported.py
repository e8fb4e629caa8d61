"""Kinds of series that readers of DICOM were reported to show wrongly, each made by hand: right, or refused by name."""

from __future__ import annotations

import shutil

import numpy as np
import pydicom
import pytest
from pydicom.tag import Tag
from pydicom.uid import JPEGLSLossless, RLELossless, generate_uid

from judges.frames import group, instance, item
from judges.planes import AXIAL, SHAPE, series, shown
from judges.series import edit, opened
from napari_dicom_writer import ReadError
from napari_dicom_writer.reading.series import read_series

CT = "1.2.840.10008.5.1.4.1.1.2"
DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
VIDEO = "1.2.840.10008.5.1.4.1.1.77.1.1.1"
ULTRASOUND_VOLUME = "1.2.840.10008.5.1.4.1.1.6.2"
SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
PRESENTATION = "1.2.840.10008.5.1.4.1.1.11.1"


# --- what one stack cannot hold ---------------------------------------------------------------------------------------


def test_an_echo_that_lacks_a_plane_stays_an_echo(tmp_path):
    series(tmp_path, 8, lambda n: n // 2, lambda n: {"EchoTime": (5, 10)[n % 2]})
    (tmp_path / "3.dcm").unlink()
    found, told = shown(tmp_path)
    assert found == {"s, echo 5 ms": [0, 2, 4, 6], "s, echo 10 ms": [1, 0, 5, 7]}
    assert told == ["s, echo 10 ms: 1 plane is missing, and blank: plane 1"]


def test_echoes_whose_places_differ_in_the_last_digit_are_no_time_points(tmp_path):
    series(tmp_path, 4, lambda n: n // 2 + (n % 2) * 1e-5, lambda n: {"EchoTime": (5, 10)[n % 2]})
    assert shown(tmp_path) == ({"s, echo 5 ms": [0, 2], "s, echo 10 ms": [1, 3]}, [])


@pytest.mark.parametrize("day", [{}, {"AcquisitionDate": "20260102"}])
def test_time_goes_on_past_midnight(tmp_path, day):
    """Three time points of two planes. Where they have a date, the clock counts, whatever their numbers."""
    times = ("235930", "000000", "000030")
    series(tmp_path, 6, lambda n: n % 2, lambda n: {"AcquisitionTime": times[n // 2], **day})
    ((data, attributes, _),), told = opened(tmp_path)
    first = np.asarray(data)[:, 0, 0, 0].tolist()
    assert (first, ["unevenly spaced" in text for text in told]) == (([2, 4, 0], [True]) if day else ([0, 2, 4], []))
    assert attributes["scale"][0] == (1 if day else 30)


def test_water_and_fat_are_no_time_points(tmp_path):
    kinds = [["ORIGINAL", "PRIMARY", kind, kind, "DERIVED"] for kind in ("W", "F", "IP")]
    series(tmp_path, 6, lambda n: n // 3, lambda n: {"ImageType": kinds[n % 3]})
    assert shown(tmp_path) == ({"s, W": [0, 3], "s, F": [1, 4], "s, IP": [2, 5]}, [])


@pytest.mark.parametrize(
    "noise",
    [
        lambda n: {"ImageOrientationPatient": [1, 0.0005 + 1e-6 * (-1) ** n, 0, -0.0005, 1, 0]},
        lambda n: {"PixelSpacing": [0.4885 + 1e-6 * (-1) ** n] * 2},
    ],
    ids=["orientation", "spacing"],
)
def test_the_last_digit_cuts_nothing(tmp_path, noise):
    series(tmp_path, each=noise)
    assert shown(tmp_path) == ({"s": [0, 1, 2, 3]}, [])


@pytest.mark.parametrize("off", [0.02, 0.3])
def test_time_points_of_a_table_that_moves_are_stacks_each(tmp_path, off):
    """Taken together, their planes are no even stack; where they nearly coincide they are one axis, with a word."""
    series(tmp_path, 6, lambda n: n % 3 + off / 2 * (n // 3), lambda n: {"AcquisitionNumber": n // 3 + 1})
    if off < 0.1:
        told = ["s: Its time points lie up to 0.02 mm apart: placed where the first lies"]
        assert shown(tmp_path) == ({"s": [[0, 1, 2], [3, 4, 5]]}, told)
    else:
        assert shown(tmp_path) == ({"s, acquisition 1": [0, 1, 2], "s, acquisition 2": [3, 4, 5]}, [])


def test_slabs_that_overlap_are_no_time_points(tmp_path):
    series(tmp_path, 8, lambda n: n - 2 * (n // 5), lambda n: {"AcquisitionNumber": n // 5 + 1})
    assert shown(tmp_path) == ({"s, acquisition 1": [0, 1, 2, 3, 4], "s, acquisition 2": [5, 6, 7]}, [])


def test_uneven_planes_are_no_missing_ones(tmp_path):
    series(tmp_path, 5, lambda n: n + (0.02 if n == 2 else 0))
    found, told = shown(tmp_path)
    assert found == {"s": [0, 1, 2, 3, 4]}
    assert [text.partition(" (")[0] for text in told] == ["s: Its planes are not evenly spaced"]


def test_frames_of_a_scanner_without_places_are_planes(tmp_path):
    """As those of some dental scanners: one position, a thickness, and no groups."""
    frames = np.arange(3, dtype=np.uint16).repeat(12).reshape(3, *SHAPE)
    place = {"ImageOrientationPatient": AXIAL, "ImagePositionPatient": [0, 0, 10], "PixelSpacing": [1, 1]}
    path = instance(tmp_path / "x.dcm", frames, CT, Modality="CT", SliceThickness=0.5, **place)
    ((data, attributes, _),), told = opened(path)
    assert np.asarray(data)[:, 0, 0].tolist() == [0, 1, 2]
    assert (attributes["scale"][0], attributes["translate"][0]) == (0.5, 10)
    assert told == ["series 1: Its frames are taken as planes along the normal of the first, by Slice Thickness"]


# --- copies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("change", [{}, {"ContentCreatorName": "other"}], ids=["same bytes", "same picture"])
def test_copies_are_left_out_with_a_word(tmp_path, count, change):
    series(tmp_path)
    for number in range(count):
        shutil.copy(tmp_path / f"{number}.dcm", tmp_path / f"copy {number}.dcm")
        edit(tmp_path / f"copy {number}.dcm", **change)
    are = "1 picture is" if count == 1 else "4 pictures are"
    assert shown(tmp_path) == ({"s": [0, 1, 2, 3]}, [f"s: {are} there twice, and shown once"])


def test_pictures_that_share_a_uid_by_mistake_are_no_copies(tmp_path):
    uid = generate_uid()
    series(tmp_path, SOPInstanceUID=uid)
    assert shown(tmp_path) == ({"s": [0, 1, 2, 3]}, [])


@pytest.mark.parametrize("twice", [(1,), (0, 1, 2, 3)], ids=["one plane", "all planes"])
def test_planes_that_nothing_tells_apart_are_layers_in_the_order_of_their_numbers(tmp_path, twice):
    """As where planes were sent twice under new names: neither is lost, and none refused."""
    series(tmp_path, each=lambda n: {"InstanceNumber": 7} if len(twice) > 1 else {})
    for number in twice:
        path = tmp_path / f"again {number}.dcm"
        shutil.copy(tmp_path / f"{number}.dcm", path)
        values = np.full(SHAPE, 10 + number, np.uint16).tobytes()
        edit(path, SOPInstanceUID=generate_uid(), PixelData=values, InstanceNumber=7)
    found, told = shown(tmp_path)
    assert found == {"s": [0, 1, 2, 3], "s, picture 2 of a place": [10 + number for number in twice]}
    assert all("Some places hold several pictures, and nothing tells them apart" in text for text in told[:2])


# --- geometry that makes no sense -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nonsense",
    [
        {"ImageOrientationPatient": [0] * 6},
        {"ImageOrientationPatient": [2, 0, 0, 0, 2, 0]},
        {"ImageOrientationPatient": [1, 0, 0, 0.5, 0.8660254, 0]},
        {"PixelSpacing": [0, 0]},
        {"PixelSpacing": [-1, 1]},
    ],
    ids=str,
)
def test_geometry_that_makes_no_sense_is_refused(tmp_path, nonsense):
    series(tmp_path, **nonsense)
    with pytest.raises(ReadError, match="none that makes? sense"):
        opened(tmp_path)


@pytest.mark.filterwarnings("ignore:Invalid value for VR DS")
def test_a_position_that_is_no_number_is_none(tmp_path):
    series(tmp_path, each=lambda n: {"ImagePositionPatient": ["0", "0", "nan"]} if n == 1 else {})
    found, told = shown(tmp_path)
    assert found == {"s": [0, 0, 2, 3], "s, without a place": [1]}
    assert "s: 1 plane is missing, and blank: plane 1" in told


def test_many_pictures_without_a_place_are_one_layer(tmp_path):
    """As where somebody took positions away; how they lie, nobody knows."""
    series(tmp_path, 12, ImagePositionPatient=None, each=lambda n: {"InstanceNumber": 12 - n})
    found, told = shown(tmp_path)
    assert found == {"s": [[11 - n] for n in range(12)]}
    assert told == [
        "s: Its position is not known: taken as axial, at the origin",
        "s: Pictures at the same position are taken as time points, in the order of their Instance Number",
    ]


def test_rounded_cosines_stretch_nothing(tmp_path):
    series(tmp_path, ImageOrientationPatient=[0.707, 0.707, 0, -0.707, 0.707, 0])
    (layer,), _ = opened(tmp_path)
    assert layer[1]["scale"] == pytest.approx((2, 1, 1), abs=1e-12)


def test_frames_of_a_volume_of_ultrasound_lie_where_their_binary_numbers_say(tmp_path):
    frames = np.arange(3, dtype=np.uint8).repeat(12).reshape(3, *SHAPE)
    measures = item(PixelSpacing=[0.2, 0.1], SliceThickness=1)
    path = instance(
        tmp_path / "x.dcm",
        frames,
        ULTRASOUND_VOLUME,
        SharedFunctionalGroupsSequence=[
            group(PixelMeasuresSequence=measures, PlaneOrientationVolumeSequence=item(ImageOrientationVolume=AXIAL))
        ],
        PerFrameFunctionalGroupsSequence=[
            group(PlanePositionVolumeSequence=item(ImagePositionVolume=[1, 2, 3 - number])) for number in range(3)
        ],
    )
    ((data, attributes, _),), told = opened(path)
    assert told == []
    assert np.asarray(data)[:, 0, 0].tolist() == [2, 1, 0]
    assert (attributes["scale"], attributes["translate"]) == ((1, 0.2, 0.1), (1, 2, 1))


def test_an_aspect_ratio_is_kept_where_no_distance_is_known(tmp_path):
    series(tmp_path, 1, PixelSpacing=None, PixelAspectRatio=[3, 2], ImagePositionPatient=None)
    ((_, attributes, _),), told = opened(tmp_path)
    assert attributes["scale"][1:] == (1.5, 1)
    assert "s: Its pixel spacing is not known: taken as 1 mm, and 1.5 mm down (Pixel Aspect Ratio)" in told


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("high", [13, 15])
def test_values_in_high_bits_are_moved_down(tmp_path, signed, high, compress):
    values = np.array([[-5, 2047, -2048], [0, 1, 77]] if signed else [[5, 4095, 0], [2048, 1, 77]])
    rest = np.random.default_rng(0).integers(0, 2**16, values.shape)
    kept = ((1 << 12) - 1) << (high - 11)
    stored = ((values << (high - 11)) & kept | rest & ~kept).astype(np.uint16)
    series(tmp_path, 1)
    bits = {"BitsStored": 12, "HighBit": high, "PixelRepresentation": int(signed)}
    edit(tmp_path / "0.dcm", PixelData=stored.tobytes(), Rows=2, Columns=3, **bits)
    if compress:
        dataset = pydicom.dcmread(tmp_path / "0.dcm")
        del dataset.NumberOfFrames
        dataset.compress(RLELossless)
        dataset.save_as(tmp_path / "0.dcm")
    ((data, _, _),), told = opened(tmp_path)
    np.testing.assert_array_equal(data[0], values)
    assert told == [f"s: Its values are those in bits {high - 11} to {high}, as its High Bit says"]


@pytest.mark.parametrize(("bits", "reads"), [(12, True), (16, False)])
def test_codestreams_that_know_of_bits_hold_values_alone(tmp_path, bits, reads):
    series(tmp_path, 2)
    (tmp_path / "0.dcm").unlink()
    dataset = pydicom.dcmread(tmp_path / "1.dcm")
    del dataset.NumberOfFrames
    dataset.BitsStored, dataset.HighBit, dataset.Rows, dataset.Columns = bits, bits - 1, 16, 16
    dataset.PixelData = np.ones((16, 16), np.uint16).tobytes()
    dataset.compress(JPEGLSLossless)
    dataset.BitsStored, dataset.HighBit = 12, 15
    dataset.save_as(tmp_path / "1.dcm")
    ((data, _, _),), told = opened(tmp_path)
    assert "High Bit" not in " ".join(told)
    if reads:
        assert (np.asarray(data) == 1).all()
    else:
        with pytest.raises(ReadError, match="its 16 bits are more than its values have, and High Bit is 15"):
            np.asarray(data)


def test_one_lossy_picture_of_many_makes_a_lossy_volume(tmp_path):
    series(tmp_path, each=lambda number: {"LossyImageCompression": "01"} if number == 2 else {})
    (volume,) = read_series(tmp_path)
    assert volume.lossy == (("", 0.0),)


@pytest.mark.parametrize("high", [7, 0, 31])
def test_a_high_bit_that_makes_no_sense_moves_nothing(tmp_path, high):
    series(tmp_path, HighBit=high)
    assert shown(tmp_path) == ({"s": [0, 1, 2, 3]}, [])


# --- doses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("orientation", "offsets", "places"),
    [
        (AXIAL, [0, 3, 6], [100, 103, 106]),
        (AXIAL, [100, 103, 106], [100, 103, 106]),
        ([1, 0, 0, 0, -1, 0], [100, 103, 106], [100, 103, 106]),
        ([-1, 0, 0, 0, 1, 0], [100, 97, 94], [100, 97, 94]),
        ([1, 0, 0, 0, -1, 0], [0, 3, 6], [100, 97, 94]),
    ],
)
def test_offsets_of_a_dose_are_along_its_normal_or_of_the_patient(tmp_path, orientation, offsets, places):
    """PS3.3 C.8.8.3.2: z of the patient where the first is that of the position, and else from it along the normal."""
    frames = np.arange(3, dtype=np.uint32).repeat(12).reshape(3, *SHAPE)
    instance(
        tmp_path / "x.dcm",
        frames,
        DOSE,
        ImageOrientationPatient=orientation,
        ImagePositionPatient=[1, 2, 100],
        PixelSpacing=[2, 2],
        GridFrameOffsetVector=offsets,
        FrameIncrementPointer=Tag("GridFrameOffsetVector"),
        DoseGridScaling=0.5,
    )
    ((data, attributes, _),), told = opened(tmp_path)
    assert told == []
    step = np.asarray(attributes.get("affine", np.eye(4)))[0, 0] * attributes["scale"][0]
    first = attributes["affine"][0, 3] if "affine" in attributes else attributes["translate"][0]
    found = {first + step * plane: value for plane, value in enumerate(np.asarray(data)[:, 0, 0])}
    assert found == pytest.approx(dict(zip(places, [0, 0.5, 1], strict=True)))


# --- what is not opened is said ---------------------------------------------------------------------------------------


def test_what_holds_no_pictures_is_said_by_its_name(tmp_path):
    series(tmp_path)
    path = instance(tmp_path / "p.dcm", np.zeros((1, *SHAPE), np.uint8), PRESENTATION, NumberOfFrames=None)
    edit(path, Rows=None, Columns=None, PixelData=None)
    name = "Grayscale Softcopy Presentation State Storage"
    assert shown(tmp_path) == ({"s": [0, 1, 2, 3]}, [f"Not opened, as there is no picture in it: 1 of {name}"])
    with pytest.raises(ReadError, match=f"hold no pictures: {name}"):
        opened(path)


def test_a_movie_that_nothing_decodes_is_refused_by_name(tmp_path):
    path = instance(tmp_path / "x.dcm", np.zeros((3, *SHAPE, 3), np.uint8), VIDEO, FrameTime=40)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    dataset.PixelData = pydicom.encaps.encapsulate([b"\0\0\1\xb3" * 10])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
    with pytest.raises(ReadError, match=r"not decoded here \(MPEG-4"):
        opened(path)


def test_a_slide_in_tiles_is_refused_with_a_program_for_it(tmp_path):
    path = instance(
        tmp_path / "x.dcm",
        np.zeros((4, *SHAPE, 3), np.uint8),
        SLIDE,
        TotalPixelMatrixColumns=8,
        TotalPixelMatrixRows=6,
        DimensionOrganizationType="TILED_FULL",
        SharedFunctionalGroupsSequence=[group(PixelMeasuresSequence=item(PixelSpacing=[1, 1], SliceThickness=1))],
    )
    with pytest.raises(ReadError, match="wsidicom"):
        opened(path)

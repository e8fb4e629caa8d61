"""What headers say that readers pass over: units, real values, indices and vectors of frames, bits, and times."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.tag import Tag

from judges.frames import ENHANCED_MR, group, instance, item
from judges.planes import AXIAL, SHAPE, series, shown
from judges.series import opened
from napari_dicom_writer import ReadError
from napari_dicom_writer.reading.series import read_series

NM = "1.2.840.10008.5.1.4.1.1.20"
SHARED = group(
    PixelMeasuresSequence=item(PixelSpacing=[1, 1], SliceThickness=2),
    PlaneOrientationSequence=item(ImageOrientationPatient=AXIAL),
)


def frames(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.uint16).repeat(12).reshape(count, *SHAPE)


@pytest.mark.parametrize("keyword", ["Units", "RescaleType"])
def test_values_of_two_units_are_never_one_stack(tmp_path, keyword):
    series(tmp_path, each=lambda n: {keyword: ("BQML", "CNTS")[n // 2], "RescaleSlope": 1, "RescaleIntercept": 0})
    assert shown(tmp_path) == ({"s, BQML": [0, 1], "s, CNTS": [2, 3]}, [])
    with pytest.raises(ReadError, match="of several units"):
        read_series(tmp_path)


@pytest.mark.parametrize("bits", [{"BitsStored": 20}, {"BitsStored": 0}, {"BitsAllocated": 12, "BitsStored": 12}])
def test_bits_that_make_no_sense_are_refused_before_anything_is_shown(tmp_path, bits):
    series(tmp_path, **bits)
    with pytest.raises(ReadError, match="It says to store"):
        opened(tmp_path)


@pytest.mark.parametrize("missing", [1, 9, 24])
def test_a_file_that_lacks_its_last_bytes_is_known_from_its_size(tmp_path, missing):
    series(tmp_path)
    path = tmp_path / "3.dcm"
    path.write_bytes(path.read_bytes()[:-missing])
    found, told = shown(tmp_path)
    assert found == {"s": [0, 1, 2]}
    assert "Not opened: s, 1 file: " in told[0]


def test_frames_that_are_said_and_not_there_are_refused(tmp_path):
    series(tmp_path, 1, NumberOfFrames=2)
    with pytest.raises(ReadError, match="It says to hold 2 frames, and its file cannot"):
        opened(tmp_path)


@pytest.mark.parametrize("table", [False, True])
def test_real_values_that_are_not_applied_are_said(tmp_path, table):
    linear = item(RealWorldValueSlope=2.0, RealWorldValueIntercept=1.0)
    mapping = [item(RealWorldValueLUTData=[1.0, 2.0])] if table else [linear, linear]
    series(tmp_path, RealWorldValueMappingSequence=mapping)
    what = "s: Its Real World Value Mapping is a table, or one of several, and not applied"
    assert shown(tmp_path) == ({"s": [0, 1, 2, 3]}, [what])


def test_uneven_times_are_said(tmp_path):
    """Those of PET count from some reference, and are the only ones here that tell time points apart."""
    times = (2500, 10_000, 30_000)
    series(tmp_path, 6, lambda n: n // 3, lambda n: {"FrameReferenceTime": times[n % 3], "InstanceNumber": 9 - n})
    what = "s: Its time points are unevenly spaced, 7.5 to 20 s apart: its axis counts them"
    assert shown(tmp_path) == ({"s": [[0, 3], [1, 4], [2, 5]]}, [what])


@pytest.mark.parametrize("detectors", [False, True])
def test_energies_and_detectors_are_told_by_their_vectors(tmp_path, detectors):
    what = {"DetectorInformationSequence": [item(), item()]} if detectors else {}
    instance(
        tmp_path / "x.dcm",
        frames(4),
        NM,
        SeriesDescription="s",
        PixelSpacing=[2, 2],
        FrameIncrementPointer=[Tag("EnergyWindowVector"), Tag("DetectorVector")],
        EnergyWindowVector=[1, 1, 2, 2],
        DetectorVector=[1, 2, 1, 2],
        **what,
    )
    found, _ = shown(tmp_path)
    assert found == {f"s, energy window {n // 2 + 1}, detector {n % 2 + 1}": [n] for n in range(4)}


def test_an_index_tells_time_where_nothing_else_does(tmp_path):
    """Frames come in another order than that of the index."""
    order = [3, 0, 2, 5, 1, 4]
    groups = [
        group(
            PlanePositionSequence=item(ImagePositionPatient=[0, 0, 2 * (n % 3)]),
            FrameContentSequence=item(DimensionIndexValues=[n % 3 + 1, n // 3 + 1]),
        )
        for n in order
    ]
    dimensions = [item(DimensionIndexPointer=Tag(key)) for key in ("InStackPositionNumber", "TemporalPositionIndex")]
    instance(
        tmp_path / "x.dcm",
        frames(6)[order],
        ENHANCED_MR,
        SeriesDescription="s",
        SharedFunctionalGroupsSequence=[SHARED],
        PerFrameFunctionalGroupsSequence=groups,
        DimensionIndexSequence=dimensions,
    )
    assert shown(tmp_path) == ({"s": [[0, 1, 2], [3, 4, 5]]}, [])


@pytest.mark.parametrize("said", ["", "HSV", "RGB"])
def test_samples_that_nobody_knows_the_meaning_of_are_refused(tmp_path, said):
    series(tmp_path, PhotometricInterpretation=said)
    with pytest.raises(ReadError, match=f"Its 1 samples a pixel are said to be '{said}'"):
        opened(tmp_path)


@pytest.mark.parametrize("kinds", [("PLAN", "BEAM"), ("BEAM", "BEAM")])
def test_doses_of_one_series_are_no_time_points(tmp_path, kinds):
    for number, kind in enumerate(kinds):
        instance(
            tmp_path / f"{number}.dcm",
            frames(2) + np.uint16(10 * number),
            "1.2.840.10008.5.1.4.1.1.481.2",
            **dict.fromkeys(("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"), "1.2.3"),
            InstanceNumber=number,
            SeriesDescription="s",
            ImageOrientationPatient=AXIAL,
            ImagePositionPatient=[0, 0, 5],
            PixelSpacing=[2, 2],
            GridFrameOffsetVector=[0, 3 + number],
            DoseGridScaling=1,
            DoseSummationType=kind,
        )
    labels = ["beam dose, part 1", "beam dose, part 2"] if kinds[0] == "BEAM" else ["beam dose", "plan dose"]
    found, told = shown(tmp_path)
    assert (sorted(found), sorted(found.values()), told) == ([f"s, {e}" for e in labels], [[0, 1], [10, 11]], [])


def test_planes_of_a_dose_in_files_of_their_own_are_one(tmp_path):
    series(tmp_path, 6, lambda n: n % 3, lambda n: {"DoseSummationType": ("PLAN", "BEAM")[n // 3]}, DoseGridScaling=1)
    assert shown(tmp_path) == ({"s, beam dose": [3, 4, 5], "s, plan dose": [0, 1, 2]}, [])


def test_maps_of_two_quantities_are_no_time_points(tmp_path):
    def mapping(unit: str) -> list:
        units = [item(CodeValue=unit, CodingSchemeDesignator="UCUM", CodeMeaning=unit)]
        return [item(RealWorldValueSlope=1.0, RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=units)]

    series(tmp_path, 4, lambda n: n // 2, lambda n: {"RealWorldValueMappingSequence": mapping(("ms", "mm2/s")[n % 2])})
    assert shown(tmp_path) == ({"s, ms": [0, 2], "s, mm2/s": [1, 3]}, [])

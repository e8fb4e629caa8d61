"""Series whose pictures at one place differ by what the scan was set to: told apart by it, and by its name."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from judges.frames import ENHANCED_MR, group, instance, item
from judges.planes import AXIAL, SHAPE, series, shown
from judges.series import opened
from napari_dicom_writer.reading.survey import survey

SETTINGS = [
    ({"InversionTime": (50, 400)}, "inversion time {} ms"),
    ({"FlipAngle": (5, 15)}, "flip angle {}°"),
    ({"RepetitionTime": (500, 2000)}, "repetition time {} ms"),
    ({"ReceiveCoilName": ("A1", "B2")}, "coil {}"),
    ({"KVP": (80, 140)}, "{} kV"),
    ({"ConvolutionKernel": ("B30f", "B70f")}, "kernel {}"),
    ({"DiffusionBValue": (0.0, 1000.0)}, "b {:g} s/mm²"),
]
TIMES = {"AcquisitionNumber": (1, 2), "AcquisitionTime": ("100000", "100010"), "TemporalPositionIdentifier": (1, 2)}


@pytest.mark.parametrize("when", [{}, TIMES], ids=["without times", "one after the other"])
@pytest.mark.parametrize(("setting", "words"), SETTINGS, ids=[words for _, words in SETTINGS])
def test_few_values_are_a_layer_each(tmp_path, setting, words, when):
    series(tmp_path, 4, lambda n: n // 2, lambda n: {k: values[n % 2] for k, values in (setting | when).items()})
    (values,) = setting.values()
    assert shown(tmp_path) == ({f"s, {words.format(v)}": [n, n + 2] for n, v in enumerate(values)}, [])


def test_many_values_are_an_axis_in_their_order(tmp_path):
    """Of two planes that lie three steps apart, the second of which lacks one."""
    times = [1200, 90, *range(100, 1000, 100)]
    series(tmp_path, 22, lambda n: n // 11, lambda n: {"InversionTime": times[n % 11], "AcquisitionNumber": n % 11})
    (tmp_path / "12.dcm").unlink()
    ((data, attributes, _),), told = opened(tmp_path)
    order = np.argsort(times)
    assert attributes["axis_labels"] == ("inversion time", "z", "y", "x")
    assert np.asarray(data)[..., 0, 0].tolist() == [[n, n + 11 if n != 1 else 0] for n in order]
    assert told == [
        f"s: Pictures at the same position differ by Inversion Time: {', '.join(f'{t} ms' for t in sorted(times))}",
        "s: 1 plane is missing at some time points (by InversionTime), and blank: at plane 1",
    ]


def test_of_two_settings_of_many_values_one_is_the_axis_of_layers_of_the_other(tmp_path):
    series(tmp_path, 81, lambda n: 0, lambda n: {"EchoTime": 5 * (n // 9 + 1), "InversionTime": 100 * (n % 9 + 1)})
    layers, _ = opened(tmp_path)
    assert [layer[1]["name"] for layer in layers] == [f"s, echo {5 * (n + 1)} ms" for n in range(9)]
    assert {layer[1]["axis_labels"][0] for layer in layers} == {"inversion time"}


def test_settings_that_vary_from_plane_to_plane_cut_nothing(tmp_path):
    series(tmp_path, 6, lambda n: n % 3, lambda n: {"InversionTime": 50 + n, "AcquisitionNumber": n // 3})
    found, told = shown(tmp_path)
    assert found == {"s": [[0, 1, 2], [3, 4, 5]]}
    assert [text.partition(": ")[2].partition(":")[0] for text in told] == [
        "Pictures at the same position differ by Inversion Time"
    ]


def test_phases_are_in_their_order_where_no_time_is_said(tmp_path):
    series(tmp_path, 6, lambda n: n // 3, lambda n: {"NominalPercentageOfCardiacPhase": (66.0, 0.0, 33.0)[n % 3]})
    ((data, attributes, _),), told = opened(tmp_path)
    assert np.asarray(data)[..., 0, 0].tolist() == [[1, 4], [2, 5], [0, 3]]
    assert attributes["axis_labels"][0] == "phase"
    assert told == ["s: Pictures at the same position differ by Nominal Percentage of Cardiac Phase: 0 %, 33 %, 66 %"]


def test_coils_that_change_as_time_goes_on_are_no_layers(tmp_path):
    series(tmp_path, 6, lambda n: n % 2, lambda n: {"ReceiveCoilName": "AAB"[n // 2], "AcquisitionNumber": n // 2})
    found, told = shown(tmp_path)
    assert (found, len(told)) == ({"s": [[0, 1], [2, 3], [4, 5]]}, 1)


def test_the_beat_of_the_heart_is_no_setting(tmp_path):
    series(tmp_path, 4, lambda n: n // 2, lambda n: {"TriggerTime": 30 * (n % 2), "RepetitionTime": 800 + n})
    ((_, attributes, _),), told = opened(tmp_path)
    assert (attributes["axis_labels"][0], attributes["scale"][0], told) == ("time", 0.03, [])


@pytest.mark.parametrize(
    ("each", "axis"),
    [
        (lambda n: {"DiffusionGradientOrientation": np.roll([1.0, 0, 0], n % 3).tolist()}, "direction"),
        (lambda n: {"NominalPercentageOfCardiacPhase": 30.0 * (n % 3)}, "phase"),
        (lambda n: {}, "time"),
    ],
    ids=["directions", "phases", "nothing"],
)
def test_an_axis_is_called_by_what_goes_along_it(tmp_path, each, axis):
    series(tmp_path, 6, lambda n: n // 3, lambda n: {"AcquisitionNumber": n % 3, **each(n)})
    ((data, attributes, _),), told = opened(tmp_path)
    assert (attributes["axis_labels"][0], data.shape[:2], bool(told)) == (axis, (3, 2), axis != "time")


PRIVATE = {
    "Siemens": (0x0019, "SIEMENS MR HEADER", 0x0C, "IS", (0, 1000)),
    "GE": (0x0043, "GEMS_PARM_01", 0x39, "IS", ([0, 8, 0, 0], [1000001000, 8, 0, 0])),
    "Philips": (0x2001, "Philips Imaging DD 001", 0x03, "FL", (0, 1000)),
    "United Imaging": (0x0065, "Image Private Header", 0x09, "FD", (0, 1000)),
}


@pytest.mark.parametrize("vendor", PRIVATE)
def test_diffusion_is_told_by_private_elements(tmp_path, vendor):
    number, creator, element, vr, values = PRIVATE[vendor]
    series(tmp_path, 4, lambda n: n // 2)
    for n in range(4):
        dataset = pydicom.dcmread(tmp_path / f"{n}.dcm")
        dataset.private_block(number, creator, create=True).add_new(element, vr, values[n % 2])
        dataset.save_as(tmp_path / f"{n}.dcm")
    assert shown(tmp_path) == ({"s, b 0 s/mm²": [0, 2], "s, b 1000 s/mm²": [1, 3]}, [])


def test_settings_of_frames_are_in_their_groups(tmp_path):
    """Inversion times that a dimension counts, too: called by their value."""
    frames = np.arange(4, dtype=np.uint16).repeat(12).reshape(4, *SHAPE)
    path = instance(
        tmp_path / "x.dcm",
        frames,
        ENHANCED_MR,
        SeriesDescription="s",
        DimensionIndexSequence=[item(DimensionIndexPointer=pydicom.tag.Tag("InversionTimes"))],
        SharedFunctionalGroupsSequence=[
            group(
                PixelMeasuresSequence=item(PixelSpacing=[1, 1], SliceThickness=2),
                PlaneOrientationSequence=item(ImageOrientationPatient=AXIAL),
            )
        ],
        PerFrameFunctionalGroupsSequence=[
            group(
                PlanePositionSequence=item(ImagePositionPatient=[0, 0, 2 * (n // 2)]),
                FrameContentSequence=item(DimensionIndexValues=n % 2 + 1),
                MRModifierSequence=item(InversionTimes=(50.0, 400.0)[n % 2]),
            )
            for n in range(4)
        ],
    )
    assert shown(path) == ({"s, inversion time 50 ms": [0, 2], "s, inversion time 400 ms": [1, 3]}, [])


def test_a_survey_says_what_its_time_points_are(tmp_path):
    series(tmp_path, 4, lambda n: n // 2, lambda n: {"InversionTime": (400, 50)[n % 2]})
    (found,) = survey(tmp_path).series
    assert "Pictures at the same position differ by Inversion Time: 50 ms, 400 ms" in found.remarks


def test_the_trace_of_all_directions_is_none_of_them(tmp_path):
    """It has their b-value."""
    kinds = ["NONE", "DIRECTIONAL", "DIRECTIONAL", "ISOTROPIC"]

    def said(n):
        return {"DiffusionBValue": 1000.0 * (n > 0), "DiffusionDirectionality": kinds[n], "AcquisitionNumber": n}

    series(tmp_path, 4, lambda n: 0, said)
    found, _ = shown(tmp_path)
    assert found == {"s, b 0 s/mm²": [0], "s, b 1000 s/mm²": [[1], [2]], "s, b 1000 s/mm², isotropic": [3]}


@pytest.mark.parametrize("setting", ["EchoTime", "FlipAngle", "InversionTime", "RepetitionTime"])
@pytest.mark.parametrize("count", [3, 9], ids=["few", "many"])
def test_what_a_scanner_computes_anew_each_time_is_no_setting(tmp_path, setting, count):
    """Time points stay one axis in their order, and what drifts is said."""
    values = [4.02, 4.05, 4.0, 4.03, 4.01, 4.07, 4.06, 4.04, 4.08]
    series(tmp_path, count, lambda n: 0, lambda n: {setting: values[n], "AcquisitionNumber": n + 1})
    ((data, attributes, _),), told = opened(tmp_path)
    assert (attributes["axis_labels"][0], np.asarray(data)[:, 0, 0, 0].tolist()) == ("time", list(range(count)))
    assert [text.partition(" by ")[0] for text in told] == ["s: Pictures at the same position differ"]

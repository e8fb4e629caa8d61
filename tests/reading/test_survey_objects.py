"""Segmentations, maps and frames of others, as `show` and `verify` describe them."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from judges.readers import dicom_files
from napari_dicom_writer import ExportOptions, export
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.reading.survey import survey

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import highdicom

PLACE = {"scale": (2.5, 0.7, 0.8), "translate": (5, -3, 2), "units": ("mm",) * 3}
LABELS = np.zeros((6, 21, 16), "u1")
LABELS[0:2, 3:9, 4:12], LABELS[4:6, 10:15, 8:14] = 1, 2  # two planes between hold nothing
MAKER = {
    "manufacturer": "x",
    "manufacturer_model_name": "x",
    "software_versions": "1",
    "device_serial_number": "1",
    "series_number": 7,
    "instance_number": 1,
}


@pytest.fixture(scope="module")
def scan(tmp_path_factory) -> list[pydicom.FileDataset]:
    values = np.random.default_rng(1).integers(0, 999, LABELS.shape).astype("i2")
    report = export(
        (values, PLACE | {"name": "scan"}, "image"), tmp_path_factory.mktemp("scan") / "x", ExportOptions(modality="CT")
    )
    return [pydicom.dcmread(path) for path in dicom_files(report.path)]


def highdicom_seg(scan, path, kind):
    described = [
        highdicom.seg.SegmentDescription(n, name, codes.SCT.Organ, code, "MANUAL")
        for n, (name, code) in enumerate([("my liver", codes.SCT.Liver), ("my spleen", codes.SCT.Spleen)], 1)
    ]
    uids = {"series_instance_uid": generate_uid(), "sop_instance_uid": generate_uid()}
    made = highdicom.seg.Segmentation(scan, LABELS, kind, described, **uids, **MAKER)
    made.save_as(path)


def dcmqi_seg(scan, path, kind):
    program = Path(sys.executable).with_name("itkimage2segimage")
    if not program.exists():
        pytest.skip("dcmqi is not there for this machine")
    image = sitk.GetImageFromArray(LABELS)
    image.SetSpacing((0.8, 0.7, 2.5))
    image.SetOrigin((2, -3, 5))
    sitk.WriteImage(image, str(path.with_name("labels.nrrd")))
    code = {"CodeValue": "10200004", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Liver"}
    category = {"CodeValue": "91723000", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Anatomical Structure"}
    segments = [
        {
            "labelID": n,
            "SegmentLabel": name,
            "SegmentAlgorithmType": "MANUAL",
            "SegmentedPropertyCategoryCodeSequence": category,
            "SegmentedPropertyTypeCodeSequence": code,
            "recommendedDisplayRGBValue": [200, 50, 90],
        }
        for n, name in enumerate(("my liver", "my spleen"), 1)
    ]
    meta = {
        "@schema": "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/schemas/seg-schema.json#",
        "ContentCreatorName": "A",
        "SeriesDescription": "x",
        "SeriesNumber": "7",
        "InstanceNumber": "1",
        "segmentAttributes": [segments],
    }
    path.with_name("meta.json").write_text(json.dumps(meta))
    where = Path(scan[0].filename).parent
    given = ["--inputImageList", path.with_name("labels.nrrd"), "--inputDICOMDirectory", where]
    given += ["--outputDICOM", path, "--inputMetadata", path.with_name("meta.json"), "--skip", "1"]
    done = subprocess.run([program, *given], capture_output=True, encoding="utf-8", errors="replace", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    path.with_name("labels.nrrd").unlink()
    path.with_name("meta.json").unlink()


def both(folder: Path):
    """What `show` and `verify` say, who must agree."""
    (shown,) = survey(folder).series
    (judged,) = check_series(folder)
    assert judged.survey is not None
    for name in ("size", "spacing", "position", "directions", "values", "unit", "window", "kind", "time_points"):
        assert getattr(judged.survey, name) == getattr(shown, name), name
    assert [s.name for s in judged.survey.segments] == [s.name for s in shown.segments]
    codes = {finding.code for finding in judged.findings if finding.severity != "info"}
    return shown, codes - {"not-finite"}


@pytest.mark.parametrize(
    ("write", "kind"), [(highdicom_seg, "BINARY"), (highdicom_seg, "LABELMAP"), (dcmqi_seg, "BINARY")]
)
def test_a_segmentation_of_others(tmp_path, scan, write, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(scan, tmp_path / "x.dcm", kind)
    shown, faults = both(tmp_path)
    assert faults == ({"planes-left-out"} if kind == "LABELMAP" else set())
    assert [(s.label, s.name) for s in shown.segments][-2:] == [(1, "my liver"), (2, "my spleen")]
    assert shown.segments[-2].structure.type.meaning == "Liver"
    assert (shown.size, shown.time_points, shown.values) == ((6, 21, 16), 1, None)
    np.testing.assert_allclose(shown.spacing, (2.5, 0.7, 0.8))
    np.testing.assert_allclose(shown.position, (2, -3, 5))
    assert "highdicom" in {verdict.software for verdict in shown.opens_in if verdict.opens}


def test_a_map_of_others_has_values_and_a_unit(tmp_path, scan):
    values = np.random.default_rng(2).normal(3, 1, LABELS.shape).astype("f4")
    mapping = highdicom.pm.RealWorldValueMapping(
        "1", "diffusion", codes.UCUM.SquareMillimeterPerSecond, (-1e9, 1e9), slope=1e-3, intercept=0.5
    )
    made = highdicom.pm.ParametricMap(
        scan,
        values,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[highdicom.VOILUTTransformation(window_center=3, window_width=6)],
        series_instance_uid=generate_uid(),
        sop_instance_uid=generate_uid(),
        **MAKER,
    )
    made.save_as(tmp_path / "x.dcm")
    shown, faults = both(tmp_path)
    assert faults == set()
    assert (shown.size, shown.unit) == ((6, 21, 16), "mm2/s")
    np.testing.assert_allclose(shown.values, [values.min() * 1e-3 + 0.5, values.max() * 1e-3 + 0.5])


OBJECTS = {
    "multi-frame": {"object": "multi-frame"},
    "parametric-map": {"object": "parametric-map", "value_unit": "mm2/s"},
    "enhanced-ct": {"object": "enhanced-ct", "modality": "CT"},
}


@pytest.mark.parametrize("options", OBJECTS.values(), ids=OBJECTS)
def test_our_own_objects(tmp_path, options):
    values = np.random.default_rng(3).integers(-500, 999, LABELS.shape).astype("i2")
    layer = (values, PLACE | {"name": "x", "contrast_limits": (-500, 999)}, "image")
    export(layer, tmp_path / "x.dcm", ExportOptions(**options))
    shown, faults = both(tmp_path)
    assert faults == set()
    assert (shown.size, shown.values) == (LABELS.shape, (values.min(), values.max()))
    assert shown.unit == options.get("value_unit", shown.unit)
    assert "highdicom" in {verdict.software for verdict in shown.opens_in if verdict.opens}


def test_values_that_are_not_finite_are_no_ends(tmp_path):
    values = np.full((3, 8, 8), 2, "f4")
    values[0, 0, 0], values[1] = np.nan, np.inf
    export((values, PLACE | {"name": "x"}, "image"), tmp_path / "x.dcm", ExportOptions(object="parametric-map"))
    shown, faults = both(tmp_path)
    assert (shown.values, faults) == ((2, 2), set())


@pytest.mark.parametrize("name", ["liver_1frame.dcm", "rtdose.dcm"])
def test_files_of_vendors(name):
    path = Path(str(get_testdata_file(name)))
    (shown,) = survey(path).series
    (judged,) = check_series(path)
    assert judged.survey is not None
    assert judged.survey.size == shown.size
    assert [s.name for s in shown.segments] == (["Liver"] if "liver" in name else [])

"""The table of objects is their only list: a row added to it is a choice everywhere, and is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import yaml
from pydicom.uid import DigitalXRayImageStorageForPresentation

import napari_dicom_writer
from judges.readers import dicom_files
from judges.tables import OBJECTS, of
from judges.volumes import oblique_volume
from napari_dicom_writer import ExportError, ExportOptions, Fix, OptionsError, Volume, export, plan_export
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.iods import AUTO, CHOICES, IMAGE, IODS, Row
from napari_dicom_writer.iods.sc import SecondaryCapture
from napari_dicom_writer.options.export import ExportOptions as Options


class Small(SecondaryCapture):
    """An object with a limit and an attribute of its own."""

    key = "small"
    sop_class_uid = DigitalXRayImageStorageForPresentation

    def why_not(self, planes, time):
        return "a small object holds 3" if planes * (time.points if time else 1) > 3 else ""

    def varying(self, series, instance):
        return super().varying(series, instance) | {"FrameType": "SMALL"}


@pytest.fixture
def small():
    row = Row("small", "Small Object", Small, ("DX",), auto=())
    IODS.add(row)
    yield row
    IODS.remove(row.key)


def test_an_object_added_to_the_table_is_written(tmp_path, small):
    report = export(oblique_volume(), tmp_path / "out", ExportOptions(object="Small"))
    (series,) = report.plan.series
    assert (series.iod, series.modality, series.title) == ("small", "DX", "Small Object")
    assert report.path.parent == tmp_path
    for file in dicom_files(report.path):
        instance = pydicom.dcmread(file)
        assert (instance.SOPClassUID, instance.Modality) == (Small.sop_class_uid, "DX")
        assert instance.FrameType == "SMALL"


def test_it_is_a_choice_of_the_command_line(tmp_path, small, capsys):
    np.save(tmp_path / "scan.npy", np.zeros((3, 4, 5), np.int16))
    assert main(["export", str(tmp_path / "scan.npy"), str(tmp_path / "out"), "--object", "small"]) == 0
    assert pydicom.dcmread(tmp_path / "out" / "00001.dcm").Modality == "DX"
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert "small" in capsys.readouterr().out


def test_its_own_limits_are_kept_without_anyone_else_knowing_of_it(small):
    time = Volume(np.zeros((2, 3, 4, 5), np.uint8), axes=("time", "plane", "row", "column"), spacing=(1, 1, 1))
    with pytest.raises(ExportError, match="It has 6 planes; a small object holds 3") as error:
        plan_export(time, ExportOptions(object="small"))
    (refusal,) = error.value.refusals
    assert refusal.fix == Fix("time", "series-per-point", "Split time points")
    assert len(plan_export(time, ExportOptions(object="small", time="series-per-point")).series) == 2
    with pytest.raises(ExportError, match="Choose another object"):
        plan_export(np.zeros((4, 4, 5), np.uint8), ExportOptions(object="small"))


def test_an_unknown_object_is_refused_with_the_known_ones():
    with pytest.raises(OptionsError, match="object='small' is not a choice. Choose one of 'auto', 'ct'"):
        ExportOptions(object="small")


def test_choices_are_the_table_and_auto():
    assert list(CHOICES) == [AUTO, *IODS] == list(Options.__dataclass_fields__["object"].metadata["choices"])
    assert {row.key for row in IODS.rows} == {iod.key for iod in IODS.values()}


def test_preferences_list_every_object():
    manifest = yaml.safe_load(Path(napari_dicom_writer.__file__).with_name("napari.yaml").read_text("utf-8"))
    listed = manifest["contributions"]["configurations"]["export"]["properties"]["object"]["enum"]
    assert listed == list(CHOICES), "make tables writes them"


@pytest.mark.parametrize("key", OBJECTS)
def test_each_object_is_written_when_it_is_asked_for(key):
    row = IODS.row(key)
    (series,) = plan_export(oblique_volume(), ExportOptions(**of(key))).series
    assert (series.iod, series.title) == (key, row.title)
    assert series.modality == (row.modalities or ("OT",))[0]
    assert IODS[key].dataset(series, series.instances[0]).SOPClassUID == IODS[key].sop_class_uid


OF_ONE_MODALITY = [row for row in IODS.rows if row.modalities and IMAGE in row.layers]


@pytest.mark.parametrize("row", OF_ONE_MODALITY, ids=lambda row: row.key)
def test_an_object_is_not_of_another_modality(row):
    other = "CT" if "CT" not in row.modalities else "MR"
    with pytest.raises(OptionsError, match=f"is not of modality {other}") as error:
        plan_export(oblique_volume(), ExportOptions(object=row.key, modality=other))
    assert error.value.refusals[0].fix == Fix("object", AUTO, "Object by modality")


def test_secondary_capture_is_of_any_modality():
    (series,) = plan_export(oblique_volume(), ExportOptions(object="sc", modality="CT")).series
    assert (series.iod, series.modality, series.title) == ("sc", "CT", "Secondary Capture, CT")


def test_each_layer_becomes_what_fits_it():
    """A picture beside a CT does not stop the CT."""
    picture = Volume(np.zeros((3, 4, 5, 3), np.uint8), spacing=(1, 1, 1), rgb=True, name="picture")
    gray = Volume(np.zeros((3, 4, 5), np.int16), spacing=(1, 1, 1), name="gray")
    ct, sc = plan_export([gray, picture], ExportOptions(modality="CT")).series
    assert [(s.iod, s.modality) for s in (ct, sc)] == [("ct", "CT"), ("sc", "CT")]
    assert "It has colors, which a CT cannot hold: written as Secondary Capture" in [note.text for note in sc.notes]
    assert not [note for note in ct.notes if "colors" in note.text]

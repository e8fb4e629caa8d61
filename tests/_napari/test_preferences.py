"""napari's Preferences are the defaults of the save menu."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pydicom
import pytest
import yaml

import napari_dicom_writer
from napari_dicom_writer import ExportError, ExportOptions, Series
from napari_dicom_writer._napari.preferences import options_from_preferences


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


def manifest_properties() -> dict[str, dict[str, dict]]:
    text = Path(napari_dicom_writer.__file__).with_name("napari.yaml").read_text(encoding="utf-8")
    groups = yaml.safe_load(text)["contributions"]["configurations"]
    return {name: group["properties"] for name, group in groups.items()}


def test_untouched_preferences_are_the_defaults_of_the_options(settings):
    assert options_from_preferences() == ExportOptions()


def test_every_preference_is_an_option_with_the_same_choices():
    properties = manifest_properties()
    options = {item.name: item.metadata.get("choices") for item in dataclasses.fields(ExportOptions)}
    for name, schema in properties["export"].items():
        if name == "replace_nan":
            continue
        assert name in options
        if "enum" in schema:
            assert schema["enum"] == [str(choice) for choice in options[name]]
    assert set(properties["institution"]) <= {item.name for item in dataclasses.fields(Series)}


def test_no_preference_is_about_a_patient_or_a_study():
    """Preferences are kept in a plain file; nothing about a patient belongs there."""
    names = {name for group in manifest_properties().values() for name in group}
    assert not {n for n in names if "patient" in n or "study" in n or n in ("name", "id", "birth_date", "operator")}


def test_the_menu_save_honors_preferences(settings, make_napari_viewer, tmp_path):
    settings.export.modality = "MR"
    settings.export.pixel_unit = "um"
    settings.export.replace_nan = True
    settings.export.nan = -1.0
    settings.institution.institution = "Hôpital"
    viewer = make_napari_viewer()
    values = np.arange(48, dtype=np.float32).reshape(3, 4, 4)
    values[0, 0, 0] = np.nan
    viewer.add_image(values, name="map", contrast_limits=(0, 47))
    (saved,) = viewer.layers.save(str(tmp_path / "map.dcm"))
    first = pydicom.dcmread(Path(saved) / "00001.dcm")
    assert (first.Modality, first.InstitutionName) == ("MR", "Hôpital")
    assert [float(v) for v in first.PixelSpacing] == [0.001, 0.001]
    assert first.pixel_array[0, 0] == -1


def test_a_wrong_preference_is_refused_with_the_remedy(settings, make_napari_viewer, tmp_path):
    settings.export.pixel_unit = "parsnip"
    viewer = make_napari_viewer()
    viewer.add_image(np.zeros((3, 4, 4), np.uint8))
    with pytest.raises(ExportError, match="“Length of one pixel unit” is 'parsnip', a unit that is not known"):
        viewer.layers.save(str(tmp_path / "x.dcm"))

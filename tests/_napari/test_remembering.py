"""What the dock widget remembers between sessions, and what never."""

from __future__ import annotations

from pathlib import Path

from _napari.panels import export, settle, texts
from napari_dicom_writer._napari import preferences

PATIENT = ("Quirrell^Zebediah", "PID-77-31337", "19630221")


def test_settings_are_remembered_and_patients_never(viewer, open_panel, settings, qtbot, tmp_path):
    panel = open_panel()
    name, identifier, birth = PATIENT
    for option, value in (
        ("patient.name", name),
        ("patient.id", identifier),
        ("patient.birth_date", birth),
        ("study.description", "Zebediahs knee"),
        ("series.operator", "Quirrell^Op"),
        ("modality", "MR"),
        ("nan", -7.0),
        ("series.institution", "Clinic"),
        ("verify", "headers"),
        ("overwrite", True),
    ):
        panel.form.field(option).value = value
    settle(qtbot, panel)
    export(qtbot, panel)
    panel.form.reveal("patient.name")
    remembered = preferences.options_from_preferences()
    assert (remembered.modality, remembered.nan, remembered.verify) == ("MR", -7.0, "headers")
    assert remembered.series.institution == "Clinic"
    assert not remembered.overwrite
    assert preferences.dock_state()["identity"] is True
    written = [p for p in Path(settings.config_path).parent.rglob("*") if p.is_file()]
    assert any(b"Clinic" in p.read_bytes() for p in written)  # the search finds what is there
    for path in [*written, *napari_files()]:
        content = path.read_bytes()
        assert not [
            value for value in (name, identifier, birth, "Zebediah", "Quirrell") if value.encode() in content
        ], path


def test_a_bad_preference_costs_no_other(viewer, open_panel, settings, qtbot):
    settings.export.modality, settings.export.world, settings.export.pixel_unit = "CT", "RAS", "banana"
    settings.institution.institution, settings.institution.station = "a\\b", "Room 7"
    panel = open_panel()
    assert "Not used: the preference “Length of one pixel unit” is 'banana', a unit that is not known" in texts(panel)
    assert "Not used: the preference “Institution” holds a backslash" in texts(panel)
    options = panel.form.options()
    assert (options.modality, options.world, options.pixel_unit, options.series.station) == (
        "CT",
        "RAS",
        "mm",
        "Room 7",
    )
    panel.form.field("verify").value = "headers"
    settle(qtbot, panel)
    kept = settings.export
    assert (kept.modality, kept.world, kept.pixel_unit, kept.verify) == ("CT", "RAS", "banana", "headers")
    assert settings.institution.institution == "a\\b"


def test_preferences_that_are_set_meanwhile_stay(viewer, open_panel, settings, qtbot):
    panel = open_panel()
    settings.export.world = "RAS"
    panel.form.field("verify").value = "headers"
    settle(qtbot, panel)
    assert (settings.export.world, settings.export.verify) == ("RAS", "headers")


def test_bad_preferences_are_told(viewer, settings, open_panel):
    settings.export.pixel_unit = "parsec/second"
    panel = open_panel()
    assert "Not used: the preference “Length of one pixel unit”" in texts(panel)


def napari_files() -> list[Path]:
    """Everything that napari, magicgui and Qt keep for a user, where it is not under the settings of the tests."""
    homes = [
        Path.home() / sub
        for sub in (
            ".config/napari",
            ".cache/napari",
            ".local/share/napari",
            ".config/QtProject.conf",
            ".cache/magicgui",
            ".local/share/magicgui",
        )
    ]
    return [
        p
        for home in homes
        for p in ([home] if home.is_file() else home.rglob("*"))
        if p.is_file() and p.stat().st_size < 10_000_000
    ]

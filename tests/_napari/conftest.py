"""What tests with a viewer share."""

from __future__ import annotations

from functools import cache, partial

import pytest
from napari.settings import get_plugin_settings
from npe2 import PluginManifest

from _napari.panels import add_scan, settle
from napari_dicom_writer._napari.dock.work import planning
from napari_dicom_writer._napari.preferences import PLUGIN

PATIENCE = 60_000  # ms: long enough however busy the machine is


@pytest.fixture(scope="session", autouse=True)
def _manifests_read_once():
    """npe2 reads all plugins' manifests anew for each viewer, which takes a seventh of a test."""
    read = cache(PluginManifest.from_file)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PluginManifest, "from_file", lambda path: read(path).model_copy(deep=True))
        yield


@pytest.fixture
def qtbot(qtbot, monkeypatch):
    """A bot that waits for what comes, and not for five seconds."""
    for wait in ("waitUntil", "waitSignal", "waitSignals"):
        monkeypatch.setattr(qtbot, wait, partial(getattr(qtbot, wait), timeout=PATIENCE))
    return qtbot


@pytest.fixture(autouse=True)
def _no_peers(tmp_path_factory, monkeypatch):
    """Peers and unsent exports of their own, away from the user's."""
    folder = tmp_path_factory.mktemp("network")
    monkeypatch.setenv("NAPARI_DICOM_WRITER_STATE", str(folder / "state"))
    monkeypatch.setenv("NAPARI_DICOM_WRITER_CONFIG", str(folder / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def settings(viewer):
    """The plugin's settings, left as they were found."""
    settings = get_plugin_settings(PLUGIN)
    before = settings.model_dump()
    settings.network.peers = ""  # a command of another test may have filled it
    yield settings
    for group, values in before.items():
        if isinstance(values, dict):
            for name, value in values.items():
                setattr(getattr(settings, group), name, value)


@pytest.fixture
def viewer(make_napari_viewer):
    """A viewer with one image, of an anisotropic scan."""
    viewer = make_napari_viewer()
    add_scan(viewer, 4, (6, 14, 10))
    return viewer


@pytest.fixture
def open_panel(viewer, settings, tmp_path, qtbot, monkeypatch):
    """Open the widget the way the menu does, and wait for its first plan."""
    monkeypatch.setattr(planning, "_DEBOUNCE", 10)  # ms: nobody types here

    def opened(path: str | None = "out", *, on_screen: bool = False):
        if on_screen:
            viewer.window._qt_window.show()
        _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, "Export to DICOM…")
        panel = widget.panel
        if path:
            panel.target.set_path(str(tmp_path / path))
        settle(qtbot, panel)
        return panel

    return opened

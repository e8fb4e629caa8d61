"""What tests with a viewer share.

All that opens windows runs in one process: on one screen, two would take the keyboard from each other.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from napari.settings import get_plugin_settings

from napari_dicom_writer._napari.preferences import PLUGIN

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("screen"))


@pytest.fixture
def settings(viewer):
    """The plugin's settings, left as they were found."""
    settings = get_plugin_settings(PLUGIN)
    before = settings.model_dump()
    yield settings
    for group, values in before.items():
        if isinstance(values, dict):
            for name, value in values.items():
                setattr(getattr(settings, group), name, value)

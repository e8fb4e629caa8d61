"""Fixtures for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom import config

from volumes import oblique_volume

if TYPE_CHECKING:
    from napari_dicom_writer import Volume


@pytest.fixture(autouse=True)
def strict_pydicom(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt keyword, or a value its VR does not allow, is an error wherever pydicom sees it."""
    monkeypatch.setattr(config, "INVALID_KEYWORD_BEHAVIOR", "RAISE")
    monkeypatch.setattr(config.settings, "writing_validation_mode", config.RAISE)


@pytest.fixture
def indexed_volume() -> Volume:
    """An oblique, anisotropic volume whose voxels hold their own index."""
    return oblique_volume()

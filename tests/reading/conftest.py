"""What tests of reading share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judges.volumes import indexed
from napari_dicom_writer import Volume, export

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Five axial planes."""
    volume = Volume(indexed((5, 6, 7)), spacing=(3, 2, 1), position=(10, 20, 30), name="stack", window=(0, 99))
    return export(volume, tmp_path / "stack").path

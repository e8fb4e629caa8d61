"""What several commands are tried with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "stack.npy"
    np.save(path, np.arange(6 * 40 * 50, dtype=np.uint16).reshape(6, 40, 50))
    return path

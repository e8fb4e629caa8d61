"""Writing bytes and nothing else: what every other time is held against."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

HEADER = bytes(1700)
"""As long as what precedes the pixels in this package's files, where the workload does not tell."""


def write_planes(folder: Path, planes: NDArray[Any], headers: Iterable[bytes] | None = None, *, first: int = 1) -> None:
    """Write a file a plane, numbered from `first`: `open`, `writev` and `close`, nothing in Python is faster."""
    folder.mkdir(exist_ok=True)
    for number, (header, plane) in enumerate(zip(headers or [HEADER] * len(planes), planes, strict=True), first):
        pixels = np.ascontiguousarray(plane).reshape(-1).view(np.uint8).data
        descriptor = os.open(f"{folder}/{number:05d}.dcm", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        os.writev(descriptor, [header, pixels])
        os.close(descriptor)

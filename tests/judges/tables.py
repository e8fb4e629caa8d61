"""What the tests are parametrized with, from the package's own tables: a new row is tested by itself."""

from __future__ import annotations

from napari_dicom_writer import TransferSyntax
from napari_dicom_writer.iods import IMAGE, IODS

OBJECTS = tuple(row.key for row in IODS.rows if IMAGE in row.layers)
"""Every object that is made of images."""
ASKED: dict[str, dict[str, str]] = {"enhanced-mr": {"safety_agency": "iec"}}
"""What some of them must be told, which no layer knows."""
PLANAR = tuple(key for key in OBJECTS if not IODS[key].multiframe)
"""Those of one plane an instance."""
MODALITIES = tuple((row.modalities or ("OT",))[0] for row in reversed(IODS.rows) if IMAGE in row.auto)
"""A modality for each object that is made of images without being asked for."""
SYNTAXES = tuple(TransferSyntax)


def of(key: str) -> dict[str, str]:
    """Options that make a layer this object."""
    return {"object": key, **ASKED.get(key, {})}

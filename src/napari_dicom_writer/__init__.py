"""Save napari layers, or arrays, as DICOM that every viewer opens in the right place, with the right values.

>>> import numpy as np
>>> from napari_dicom_writer import ExportOptions, Volume, plan_export
>>> volume = Volume(np.zeros((20, 64, 48), np.int16), spacing=(2.5, 0.7, 0.7), name="scan")
>>> plan = plan_export(volume, ExportOptions(modality="MR"))  # nothing written
>>> plan.instances
20
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.version import __version__

if TYPE_CHECKING:
    from napari_dicom_writer.errors import (
        DestinationError,
        ExportCancelled,
        ExportError,
        Fix,
        GeometryError,
        LayerError,
        Note,
        NoteKind,
        OptionsError,
        PixelError,
        ReadError,
        Refusal,
        SendError,
        UnforeseenLossError,
        VerificationError,
    )
    from napari_dicom_writer.exporting import export, plan_export
    from napari_dicom_writer.inputs.load import load
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.choices import (
        FloatDisplay,
        FractionalType,
        Geometry,
        Modality,
        Planes,
        ResampleLabels,
        SegmentAlgorithm,
        SegmentationType,
        ShearPolicy,
        SpacingAt,
        TimeLayout,
        UnnamedAxis,
        ValuePolicy,
        VerifyLevel,
        World,
    )
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.options.groups import Patient, Pet, Series, Study
    from napari_dicom_writer.options.layer import LayerOptions
    from napari_dicom_writer.plan.frames import FramePlan, InstancePlan
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan
    from napari_dicom_writer.plan.report import ExportReport
    from napari_dicom_writer.reading.read import read
    from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

__all__ = [
    "DestinationError",
    "ExportCancelled",
    "ExportError",
    "ExportOptions",
    "ExportPlan",
    "ExportReport",
    "Fix",
    "FloatDisplay",
    "FractionalType",
    "FramePlan",
    "Geometry",
    "GeometryError",
    "InstancePlan",
    "LayerError",
    "LayerOptions",
    "Modality",
    "Note",
    "NoteKind",
    "OptionsError",
    "Patient",
    "Pet",
    "PixelError",
    "Planes",
    "ReadError",
    "Refusal",
    "ResampleLabels",
    "SegmentAlgorithm",
    "SegmentationType",
    "SendError",
    "Series",
    "SeriesPlan",
    "ShearPolicy",
    "SpacingAt",
    "Study",
    "TimeLayout",
    "TransferSyntax",
    "UnforeseenLossError",
    "UnnamedAxis",
    "ValuePolicy",
    "VerificationError",
    "VerifyLevel",
    "Volume",
    "World",
    "__version__",
    "export",
    "load",
    "plan_export",
    "read",
]

# Imported when they are asked for: napari opens the dock widget without waiting for what only writing needs.
# fmt: off
_MODULES = {
    "errors": (
        "DestinationError ExportCancelled ExportError Fix GeometryError LayerError Note NoteKind OptionsError "
        "PixelError ReadError Refusal SendError UnforeseenLossError VerificationError"
    ),
    "exporting": "ExportReport export plan_export",
    "options.choices": (
        "FloatDisplay FractionalType Geometry Modality Planes ResampleLabels SegmentAlgorithm SegmentationType "
        "ShearPolicy SpacingAt TimeLayout UnnamedAxis ValuePolicy VerifyLevel World"
    ),
    "options.export": "ExportOptions",
    "options.groups": "Patient Pet Series Study",
    "options.layer": "LayerOptions",
    "inputs.load": "load",
    "plan.frames": "FramePlan InstancePlan",
    "plan.plan": "ExportPlan SeriesPlan",
    "reading.read": "read",
    "standard.transfer_syntax": "TransferSyntax",
    "model.volume": "Volume",
}
# fmt: on
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Import what the package offers (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__

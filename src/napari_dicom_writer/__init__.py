"""Save napari layers, or arrays, as DICOM that every viewer opens in the right place, with the right values.

>>> import numpy as np
>>> from napari_dicom_writer import ExportOptions, Volume, plan_export
>>> volume = Volume(np.zeros((20, 64, 48), np.int16), spacing=(2.5, 0.7, 0.7), name="scan")
>>> plan = plan_export(volume, ExportOptions(modality="MR"))  # nothing written
>>> plan.instances
20
"""

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
    Refusal,
    VerificationError,
)
from napari_dicom_writer.export import ExportReport, export, plan_export
from napari_dicom_writer.options import (
    ExportOptions,
    Modality,
    Patient,
    Series,
    ShearPolicy,
    Study,
    TimeLayout,
    UnnamedAxis,
    ValuePolicy,
    VerifyLevel,
    World,
)
from napari_dicom_writer.plan import ExportPlan, InstancePlan, SeriesPlan
from napari_dicom_writer.transfer_syntax import TransferSyntax
from napari_dicom_writer.version import __version__
from napari_dicom_writer.volume import Volume

__all__ = [
    "DestinationError",
    "ExportCancelled",
    "ExportError",
    "ExportOptions",
    "ExportPlan",
    "ExportReport",
    "Fix",
    "GeometryError",
    "InstancePlan",
    "LayerError",
    "Modality",
    "Note",
    "NoteKind",
    "OptionsError",
    "Patient",
    "PixelError",
    "Refusal",
    "Series",
    "SeriesPlan",
    "ShearPolicy",
    "Study",
    "TimeLayout",
    "TransferSyntax",
    "UnnamedAxis",
    "ValuePolicy",
    "VerificationError",
    "VerifyLevel",
    "Volume",
    "World",
    "__version__",
    "export",
    "plan_export",
]

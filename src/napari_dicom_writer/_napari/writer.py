"""The npe2 writer: napari's save menu, ``layer.save`` and ``npe2.write``. A thin shell over `export`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from napari_dicom_writer._napari.faults import faults_as_export_errors
from napari_dicom_writer._napari.preferences import options_from_preferences
from napari_dicom_writer._napari.spelling import in_preferences
from napari_dicom_writer.errors import ExportError, NoteKind
from napari_dicom_writer.exporting import export
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.plan.wording import count_series, format_bytes

if TYPE_CHECKING:
    from napari_dicom_writer.plan.plan import ExportPlan
    from napari_dicom_writer.plan.report import ExportReport


def write_layers(path: str, layer_data: list[tuple[Any, dict[str, Any], str]]) -> list[str]:
    """Write the layers napari hands over.

    Parameters
    ----------
    path
        As typed in the save dialog or given to ``layer.save``.
    layer_data
        Layer tuples (data, attributes, layer type).

    Returns
    -------
    list of str
        The folder, or the single file: the save dialog opens in its parent the next time.

    Raises
    ------
    ExportError
        A `RuntimeError`, which napari shows to the user; it would swallow a `ValueError`.
    """
    try:
        with faults_as_export_errors():  # napari swallows some other kinds, as if no plugin were found
            report = export(list(map(_with_source, layer_data)), path, options_from_preferences())
    except ExportError as error:
        raise error.spelled(in_preferences) from error
    _tell(report)
    return [str(report.path)]


def _with_source(layer: tuple[Any, dict[str, Any], str]) -> tuple[Any, dict[str, Any], str]:
    """Add the path of its file to a layer tuple, which lost it: the viewer still has the layer of these data."""
    data, attributes, kind = layer
    if "napari" not in sys.modules:
        return layer
    import napari

    viewer = napari.current_viewer()
    alike = [one for one in viewer.layers if one.data is data] if viewer else []
    paths = {one.source.path for one in alike if one.name == attributes.get("name", one.name)}
    return (data, {**attributes, "source": paths.pop()}, kind) if len(paths) == 1 and paths != {None} else layer


def _modality(plan: ExportPlan) -> str:
    """Name a modality that was chosen once, perhaps for other layers: it is remembered, and claims something."""
    chosen = plan.series[0].options.modality
    if chosen is ExportOptions().modality:
        return ""
    return f"Written as {chosen}, by {in_preferences('modality', None)}"


def _tell(report: ExportReport) -> None:
    """Show a summary, and what was assumed or lost, where napari is running; a plain warning would be swallowed."""
    if "napari" not in sys.modules:
        return
    from napari.utils.notifications import show_info, show_warning

    plan = report.plan
    written = f"DICOM: {count_series(plan)}, {format_bytes(report.bytes)}, saved to {report.path}"
    show_info(f"{written}\n{_modality(plan)}".strip())
    told = [str(note.spelled(in_preferences)) for note in plan.notes if note.kind is not NoteKind.INFO]
    if told:
        show_warning("DICOM: " + "\n".join(told))

"""The series that layers were opened from, as the reference of what is saved: found again, or refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Fix, Note, NoteKind, OptionsError, ReadError
from napari_dicom_writer.identity.inherit import modality_note
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.export import SOURCE
from napari_dicom_writer.reading.study_on_disk import StudyOnDisk, study_on_disk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.model.origin import Origin, SourceImage, SourceSeries
    from napari_dicom_writer.options.export import ExportOptions


def from_source(
    options: ExportOptions, origins: Sequence[Origin | None]
) -> tuple[ExportOptions, list[Note], dict[int, SourceSeries]]:
    """Put a file of the series that the layers were opened from in the place of ``reference="source"``.

    Parameters
    ----------
    options
        What the user wants.
    origins
        What each layer remembers; None where it does not.

    Returns
    -------
    options, notes, sources
        Options whose reference is a file; what to tell the user; position of a layer → the series it came from.

    Raises
    ------
    OptionsError
        If no layer remembers a series, or they remember different studies or spaces.
    ReadError
        If a series is gone, or is in another study now.
    """
    known = {index: origin for index, origin in enumerate(origins) if origin}
    if options.reference != SOURCE:
        return options, _offer(options, known), {}
    _check_one_study(options, list(known.values()))
    wanted = {origin.series for origin in known.values()}
    paths = {origin.path for origin in known.values()}
    studies = {path: study_on_disk(Path(path), _first(known).study, wanted) for path in paths}
    sources = {index: _found(origin, studies[origin.path]) for index, origin in known.items()}
    first = next(iter(sources.values()))
    notes = [Note(NoteKind.INFO, f"The reference is the series that the layer was opened from, {first.name!r}")]
    return replace(options, reference=first.path), notes, sources


def _offer(options: ExportOptions, known: dict[int, Origin]) -> list[Note]:
    """Say that a layer could go back into its study, where nobody said what study it belongs to, and be what it was."""
    if not known or options.reference or options.study.instance_uid:
        return []
    modalities = sorted({origin.modality for origin in known.values()})
    others = [note for modality in modalities for note in modality_note(modality, options, "What was opened")]
    text = "It was opened from DICOM, and is written as a new study of nobody"
    return [Note(NoteKind.INFO, text, fix=Fix("reference", str(SOURCE), "Write into its study")), *others]


def _first(known: dict[int, Origin]) -> Origin:
    return next(iter(known.values()))


def _check_one_study(options: ExportOptions, known: Sequence[Origin]) -> None:
    remedy = f"Name a DICOM file of the study with {mention('reference')}"
    if not known:
        raise OptionsError("No layer remembers a series that it was opened from", remedy)
    if len({origin.study for origin in known}) > 1:
        raise OptionsError("The layers were opened from different studies", "Export them one by one")
    if options.same_space and len({origin.frame_of_reference for origin in known}) > 1:
        what = "The layers were opened from series of different spaces (Frames of Reference)"
        raise OptionsError(what, "Export them one by one")


def _found(origin: Origin, study: StudyOnDisk) -> SourceSeries:
    """Find the series again, its planes in the order of the layer."""
    if origin.series in study.others:
        raise ReadError("The series it was opened from is in another study now", "Open it again")
    if origin.series not in study.series:
        remedy = f"Open it again from where it is now, or name a file of it with {mention('reference')}"
        raise ReadError("The series it was opened from is not there any more", remedy)
    series = study.series[origin.series]
    planes = zip_longest(origin.instances, origin.frames, fillvalue=0)
    order = {plane: at for at, plane in enumerate(planes)}

    def place(image: SourceImage) -> int:
        return order.get((image.uid, image.frame), len(order))

    return replace(series, images=tuple(sorted(series.images, key=place)))

"""The series of a reference, which labels are drawn on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.identity.series_in_folder import part_of
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.choices import ResampleLabels
from napari_dicom_writer.reading.image_series import read_image_series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.errors import Note
    from napari_dicom_writer.model.image_series import ImageSeries
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.export import ExportOptions


def series_of_labels(
    options: ExportOptions, known: ImageSeries | None, labels: Sequence[Volume], *, required: bool
) -> tuple[ImageSeries | str | None, list[Note]]:
    """Read the series of the reference, if there are labels that may belong to it.

    Parameters
    ----------
    options
        With the reference.
    known
        The series, if it was read already.
    labels
        All that there are.
    required
        Whether they cannot do without.

    Returns
    -------
    ImageSeries, str or None
        Or why they have to do without, in words.
    list of Note
        Which part of the series it is, if it has several.

    Raises
    ------
    ReadError
        If its planes cannot be read, unless labels may do without.
    """
    if not (labels and options.reference and options.same_study and options.same_space):
        return None, []
    if known or options.reference.is_dir():  # of a folder it was read, or refused
        return known, []
    try:
        return part_of(read_image_series(options.reference), labels)
    except ReadError as error:
        refusal = error.refusals[0]
        if not required:
            return refusal.what, []
        remedy = (
            f"{refusal.remedy}; or choose {mention('resample_labels', ResampleLabels.KEEP)} to do without its planes"
        )
        raise ReadError(f"Labels belong to its series: {refusal.what}", remedy) from error

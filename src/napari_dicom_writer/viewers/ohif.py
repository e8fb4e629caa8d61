"""OHIF, a viewer in the web browser: its pictures, and the volume it makes of them.

The rules of its volumes are those it publishes (`isDisplaySetReconstructable` of 3.13.2 to 3.14.0-beta.6), held by a
test that works them out anew from the tags of the files; those of its pictures are from pixels drawn by 3.13.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import SERIES_EACH, Refusal, Viewer, not_decoded
from napari_dicom_writer.viewers.single_precision import why_imprecise

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts

_PUBLISHED = "by its published rule"
_PICTURES = ("CR", "DX", "MG")  # modalities of which OHIF shows each picture by itself
_TEXTURE = 2048  # side of a volume that nearly every graphics card takes in a web page
_ONE_PLACE = 0.01  # mm: OHIF takes what is nearer for one place, whatever its pixel spacing


def _why_not(seen: SeriesFacts) -> Refusal:
    if not seen.even:
        return "averages the gaps, and refuses wide ones", None
    if seen.planes == 1:
        return "shows a single plane as a picture", None
    if seen.modality in _PICTURES:
        return f"shows each picture of {seen.modality} by itself", None
    if seen.time_points > 1 and not seen.told_apart:
        return "no tag that it knows tells the time points apart", SERIES_EACH
    if (seen.planes - 1) * seen.spacing[0] < _ONE_PLACE:
        return f"from version 3.14 takes planes within {_ONE_PLACE} mm for one", None
    if max(seen.planes, seen.rows, seen.columns) > _TEXTURE:
        return f"more than {_TEXTURE} planes, rows or columns are too many for most graphics cards", None
    if seen.color and seen.photometric != "RGB":
        return not_decoded(seen, f"makes no volume of {seen.photometric} colors")
    imprecise = why_imprecise(seen)
    return (imprecise, None) if imprecise else None


def _how(seen: SeriesFacts) -> str:
    if seen.time_points > 1:
        return "as 4-D"
    return "brightens colors" if seen.color else _PUBLISHED


def _why_no_pictures(seen: SeriesFacts) -> Refusal:
    if seen.voi_function and not seen.color:
        return "shows black: it does not understand VOI LUT Function", None
    if seen.time_points > 1 and not seen.told_apart:
        return "shows black where no tag that it knows tells the time points apart", SERIES_EACH
    return not_decoded(seen, "blank with many servers, which do not read HTJ2K") if seen.htj2k else None


def _how_pictures(seen: SeriesFacts) -> str:
    return "picture by picture"


OHIF = Viewer("OHIF", "3.13.2", _why_not, _how)
PICTURES = Viewer("OHIF's pictures", "3.13.2", _why_no_pictures, _how_pictures)

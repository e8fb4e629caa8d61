"""Whether the attributes that the user gives may be written: what the writer decides is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_is_retired, dictionary_VR, keyword_dict, tag_for_keyword

from napari_dicom_writer.errors import OptionsError, Refusals
from napari_dicom_writer.iods.statements import STATEMENTS, Source
from napari_dicom_writer.mention import mention
from napari_dicom_writer.standard.text import title

if TYPE_CHECKING:
    from collections.abc import Iterable

# They would say something else of size, place or values than what is written.
_CLASHING = frozenset(
    "NumberOfFrames FrameIncrementPointer PixelAspectRatio ImagerPixelSpacing NominalScannedPixelSpacing "
    "ModalityLUTSequence VOILUTSequence VOILUTFunction PresentationLUTShape PixelPaddingValue "
    "PixelPaddingRangeLimit SmallestImagePixelValue LargestImagePixelValue SmallestPixelValueInSeries "
    "LargestPixelValueInSeries PerFrameFunctionalGroupsSequence SharedFunctionalGroupsSequence "
    "DimensionIndexSequence DimensionOrganizationSequence ImagePlanePixelSpacing PixelPresentation "
    "GantryDetectorTilt TemporalPositionIndex".split()
)
_CLASHING_GROUPS = (0x0002, 0x0004, 0x0028, 0x5400, 0x7FE0, 0xFFFC, 0xFFFE)  # of the file, of pixels, of waveforms
_OPEN = frozenset({"BurnedInAnnotation", "RecognizableVisualFeatures", "QualityControlImage"})  # of group 0028
_LOSSY = "LossyImageCompression"


def check_given(keywords: Iterable[str], *, lossy: str = "") -> None:
    """Refuse attributes that the writer decides itself, or that are options.

    Parameters
    ----------
    keywords
        Of the attributes given.
    lossy
        What Lossy Image Compression is given as.

    Raises
    ------
    OptionsError
        With the reason for each.
    """
    refusals = Refusals()
    for keyword in keywords:
        with refusals.collect("options"):
            if keyword == _LOSSY and lossy == "01":  # that the source lost something, only the user may know
                continue
            if reason := _why_not(keyword):
                remedy = "Say it there" if "option" in reason else "Leave it out"
                raise OptionsError(f"{title(keyword)} cannot be given as an attribute: {reason}", remedy)
    refusals.raise_if_any()


def open_keywords() -> list[str]:
    """List the attributes of PS3.6 that may be given: not retired, not the writer's own, not held in bytes."""
    return [keyword for keyword in keyword_dict if _is_plain(keyword) and not _why_not(keyword)]


def _is_plain(keyword: str) -> bool:
    return not dictionary_is_retired(keyword) and not dictionary_VR(keyword).startswith(("O", "UN"))


def _why_not(keyword: str) -> str:
    statement = STATEMENTS.get(keyword)
    if statement is None:
        tag = tag_for_keyword(keyword) or 0
        own = keyword in _CLASHING or (tag >> 16 in _CLASHING_GROUPS and keyword not in _OPEN)
        return "the writer decides how pixels are stored, placed and displayed" if own else ""
    if statement.source is Source.OPTION:
        return f"it is the option {mention(statement.option)}"
    if statement.source in (Source.UNKNOWN, Source.ASSUMED):
        return ""
    return f"its value comes from {statement.source}"

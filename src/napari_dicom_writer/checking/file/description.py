"""What a header says of its pixels (PS3.3 C.7.6.3), their real values (C.11.1) and their display (C.11.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.datadict import tag_for_keyword

from napari_dicom_writer.reading import lenient as read

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.checking.findings import Report

_SIGNED_LIKE_PIXELS = (
    "SmallestImagePixelValue",
    "LargestImagePixelValue",
    "SmallestPixelValueInSeries",
    "LargestPixelValueInSeries",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
)
_SAMPLES = {"MONOCHROME1": 1, "MONOCHROME2": 1, "PALETTE COLOR": 1, "RGB": 3}
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
_ROUNDED = 1e-6  # of a number that is written as text beside one in double precision


def check_description(header: Dataset, report: Report, *, floats: bool = False) -> None:
    """Check the description of the pixels of one instance; it says that it has some, or `floats` (C.7.6.24)."""
    _check_size(header, report)
    if not floats:
        _check_bits(header, report)
        _check_signs(header, report)
    _check_samples(header, report)
    _check_real_values(header, report)
    _check_window(header, report)
    _check_origin(header, report)


def limits(header: Dataset) -> tuple[int, int] | None:
    """Return the least and greatest value that Bits Stored hold."""
    bits = read.whole(header, "BitsStored")
    if bits is None or not 0 < bits <= 64:
        return None
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if read.whole(header, "PixelRepresentation") else (0, 2**bits - 1)


def _check_size(header: Dataset, report: Report) -> None:
    for keyword in ("Rows", "Columns"):
        if (read.whole(header, keyword) or 0) < 1:
            report.error("no-size", "It is missing, or zero", "Nothing can be shown", keyword)
    frames = read.whole(header, "NumberOfFrames")
    if "NumberOfFrames" in header and (frames is None or frames < 1):
        report.error("no-frames", "It is not a positive number", "Readers disagree on what is there", "NumberOfFrames")


def _check_bits(header: Dataset, report: Report) -> None:
    allocated, stored, high = (read.whole(header, k) for k in ("BitsAllocated", "BitsStored", "HighBit"))
    if allocated is None or allocated not in (1, 8, 16, 32, 64):
        what = f"{allocated or 'No'} bits a value are allocated: not 1, 8, 16, 32 or 64"
        report.error("bits-allocated", what, "Most readers refuse it", "BitsAllocated")
        return
    if stored is None or not 0 < stored <= allocated:
        what = f"{stored or 'no'} bits are stored of {allocated} allocated"
        report.error("bits-stored", what.capitalize(), "Readers refuse it, or cut values", "BitsStored")
    elif high != stored - 1:
        what = f"The high bit is {high}, and {stored} bits are stored: not the lowest ones"
        report.error("high-bit", what, "Some readers shift values, others do not", "HighBit")
    if allocated >= 32:
        what = f"Integers of {allocated} bits"
        report.warning("bits-wide", what, "Many viewers show nothing", "BitsAllocated")
    if read.whole(header, "PixelRepresentation") not in (0, 1):
        consequence = "Readers disagree on whether values have a sign"
        report.error("sign-unknown", "It is neither 0 nor 1", consequence, "PixelRepresentation")


def _check_signs(header: Dataset, report: Report) -> None:
    """VR and range of what is written in the type of the pixels."""
    expected = "SS" if read.whole(header, "PixelRepresentation") == 1 else "US"
    ends = limits(header)
    for keyword in _SIGNED_LIKE_PIXELS:
        if keyword not in header:
            continue
        element = header.get_item(tag_for_keyword(keyword) or 0)
        # In implicit VR, the reader takes it as it takes the pixels.
        if element.VR in ("US", "SS") and expected != element.VR:
            what = f"Its VR is {element.VR}, and that of signed pixels is SS"
            what = what if expected == "SS" else f"Its VR is {element.VR}, and that of unsigned pixels is US"
            consequence = "Negative values are read as large ones: padding is shown, or the window is wrong"
            report.error("sign-of-value", what, consequence, keyword)
        elif ends and (value := read.number(header, keyword)) is not None and not ends[0] <= value <= ends[1]:
            what = f"{value:.0f} is not a value that pixels of this type can have"
            report.warning("value-beyond-bits", what, "Padding is shown, or the window is wrong", keyword)


def _check_samples(header: Dataset, report: Report) -> None:
    samples = read.whole(header, "SamplesPerPixel") or 1
    photometric = read.text(header, "PhotometricInterpretation")
    expected = _SAMPLES.get(photometric, 3 if photometric.startswith("YBR") else None)
    if expected is None:
        what = "It is missing, or not known"
        report.error("photometric", what, "Readers guess the colors", "PhotometricInterpretation")
    elif samples != expected:
        what = f"{samples} samples a pixel, and {photometric} has {expected}"
        report.error("samples", what, "Readers refuse it, or show stripes", "SamplesPerPixel")
    if samples > 1 and read.whole(header, "PlanarConfiguration") not in (0, 1):
        what = "It is missing, or neither 0 nor 1"
        report.error("planar", what, "Readers disagree on the order of colors", "PlanarConfiguration")
    if samples > 1 and read.whole(header, "PixelRepresentation") == 1:
        report.error("signed-color", "Colors are signed", "Colors are shown wrong", "PixelRepresentation")
    palette = "RedPaletteColorLookupTableDescriptor" in header or "PaletteColorLookupTableUID" in header
    if photometric == "PALETTE COLOR" and not palette:
        report.error("palette", "There is no palette", "Colors are unknown", "PhotometricInterpretation")


def _check_real_values(header: Dataset, report: Report) -> None:
    slope, intercept = ("RescaleSlope" in header, "RescaleIntercept" in header)
    if slope != intercept:
        missing = "RescaleIntercept" if slope else "RescaleSlope"
        what = "It is missing beside its partner"
        report.error("rescale-half", what, "Readers disagree on the real values", missing)
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        if keyword in header and read.number(header, keyword) is None:
            report.error("rescale-no-number", "It is not a finite number", "Real values are lost", keyword)
    if slope and read.number(header, "RescaleSlope") == 0:
        report.error("slope-zero", "It is 0", "All real values are the same", "RescaleSlope")
    if slope and read.items(header, "ModalityLUTSequence"):
        what = "There are a table and a Rescale Slope"
        report.error("modality-lut-twice", what, "Readers choose either", "ModalityLUTSequence")
    _check_mapping(header, report)
    for keyword in ("ModalityLUTSequence", "VOILUTSequence"):
        for item in read.items(header, keyword):
            _check_table(item, keyword, report)


def _check_mapping(header: Dataset, report: Report) -> None:
    """Compare a linear Real World Value Mapping with the Rescale Slope and Intercept beside it."""
    rescale = read.number(header, "RescaleSlope"), read.number(header, "RescaleIntercept")
    if None in rescale:
        return
    for item in read.items(header, "RealWorldValueMappingSequence"):
        mapped = read.number(item, "RealWorldValueSlope"), read.number(item, "RealWorldValueIntercept")
        if None not in mapped and not np.allclose(mapped, rescale, rtol=_ROUNDED, atol=0):  # type: ignore[arg-type]
            what = f"It says × {mapped[0]:g} + {mapped[1]:g}, and Rescale × {rescale[0]:g} + {rescale[1]:g}"
            consequence = "Software shows one or the other"
            report.warning("mapping-contradicts", what, consequence, "RealWorldValueMappingSequence")


def _check_table(item: Dataset, keyword: str, report: Report) -> None:
    descriptor = read.numbers(item, "LUTDescriptor")
    if descriptor is None or len(descriptor) != 3:
        report.error("table", "Its LUT Descriptor does not hold three numbers", "It is ignored", keyword)
        return
    entries, have = int(descriptor[0]) or 65536, _entries(item, descriptor[2])
    if have < entries:
        what = f"Its table has {have:,} of the {entries:,} entries that it says"
        report.error("table", what, "It is ignored, or the reader fails", keyword)


def _entries(item: Dataset, bits: float) -> int:
    data = read.value_of(item, "LUTData")
    if not isinstance(data, bytes):
        return len(read.numbers(item, "LUTData") or ())
    return len(data) if bits <= 8 else len(data) // 2


def _check_window(header: Dataset, report: Report) -> None:
    centers, widths = read.numbers(header, "WindowCenter"), read.numbers(header, "WindowWidth")
    function = read.text(header, "VOILUTFunction") or "LINEAR"
    if function not in _FUNCTIONS:
        report.error("window-function", "It is not known", "Readers take it as LINEAR", "VOILUTFunction")
    if len(centers or ()) != len(widths or ()):
        what = f"{len(centers or ())} window centers and {len(widths or ())} widths"
        report.error("window-half", what, "Viewers choose a window of their own", "WindowWidth")
        return
    least = 1 if function == "LINEAR" else 0
    for width in widths or ():
        if width < least or width == 0:
            what = f"The window is {width:g} wide, and {function} takes {'1 or more' if least else 'more than 0'}"
            report.error("window-width", what, "Viewers show black, or fail", "WindowWidth")


def _check_origin(header: Dataset, report: Report) -> None:
    """What the header says of how the pixels came to be."""
    lossy = read.text(header, "LossyImageCompression") == "01"
    if lossy and read.is_empty(header, "LossyImageCompressionRatio"):
        what = "Lossy, without the ratio"
        report.error("lossy-ratio", what, "It cannot be judged how much was lost", "LossyImageCompressionRatio")
    kind = read.text(header, "ImageType").split("\\")
    derived = [k for k in ("DerivationDescription", "DerivationCodeSequence") if not read.is_empty(header, k)]
    if kind[0] == "ORIGINAL" and (derived or lossy):
        what = "It is ORIGINAL, though the header says how it was derived"
        report.error("original", what, "Derived pixels are taken for measured ones", "ImageType")

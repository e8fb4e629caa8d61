"""Faults seeded into a good series: each is put into files that were written, by pydicom or byte by byte."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
from pydicom import Dataset, config
from pydicom.dataelem import DataElement
from pydicom.uid import UID, ImplicitVRLittleEndian, JPEGLSLossless, RLELossless

from judges.volumes import affine_of, rotation
from napari_dicom_writer import ExportOptions, Volume, export

PLANES, ROWS, COLUMNS = 6, 32, 44
NEEDLE = 3  # Instance Number of the one that is changed

Change = Callable[[Dataset, Dataset, int], object]
"""Called with a data set, that of the first instance, and the number of the instance from 1."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes
    ----------
    name
        In words, for the table of docs/verify.md.
    code
        What the judge must find; empty where no judge can see it without the source.
    change, on_bytes
        How a data set, or the bytes of a file, become wrong.
    every
        Whether all instances are changed, or the third.
    modality, transfer_syntax
        How the good series is written.
    source
        What the good series holds.
    """

    name: str
    code: str
    change: Change | None = None
    on_bytes: Callable[[bytes], bytes] | None = None
    every: bool = False
    modality: str = "CT"
    transfer_syntax: str = "explicit-le"
    source: Callable[[], Volume] = field(default_factory=lambda: picture)


def picture(seed: int = 3) -> Volume:
    """An oblique, anisotropic volume that looks like one: rows differ from columns."""
    rng = np.random.default_rng(seed)
    plane, row, column = np.mgrid[:PLANES, :ROWS, :COLUMNS]
    values = 30 * np.hypot(row - 12.0, column - 26.0) + 40 * plane + rng.normal(0, 2, plane.shape) - 300
    affine = affine_of(rotation(rng) @ np.diag((-2.5, 0.8, 0.7)), (40, -20, 77))
    return Volume(values.astype(np.int16), affine=affine, name="picture", window=(-300, 900))


def film() -> Volume:
    """Four time points of it."""
    one = picture()
    values = np.stack([one.array + 7 * time for time in range(4)])
    axes = ("time", "plane", "row", "column")
    return Volume(values, affine=one.affine, axes=axes, name="picture", window=(-300, 900), time_step=2)


def colors() -> Volume:
    """The same in colors."""
    one = picture()
    gray = np.clip((one.array + 300) / 6, 0, 255)
    values = np.stack([gray, 255 - gray, gray / 2], axis=-1).astype(np.uint8)
    return Volume(values, affine=one.affine, name="picture", rgb=True)


def good_series(folder: Path, fault: Fault | None = None) -> Path:
    """Write the good series that a fault is for."""
    options = ExportOptions(
        modality=fault.modality if fault else "CT", transfer_syntax=fault.transfer_syntax if fault else "explicit-le"
    )
    return export(fault.source() if fault else picture(), folder / "series", options).path


def seed(folder: Path, fault: Fault) -> None:
    """Put a fault into a good series."""
    paths = sorted(folder.glob("*.dcm"))
    first = pydicom.dcmread(paths[0])
    for number, path in enumerate(paths, 1):
        if fault.every or number == NEEDLE:
            spoil(path, fault, first, number)


def spoil(path: Path, fault: Fault, first: Dataset, number: int) -> None:
    """Put a fault into one file."""
    if fault.on_bytes:
        path.write_bytes(fault.on_bytes(path.read_bytes()))
        return
    before = config.settings.writing_validation_mode
    config.settings.writing_validation_mode = config.IGNORE
    try:
        dataset = pydicom.dcmread(path)
        assert fault.change
        if fault.change(dataset, first, number) == "delete":
            path.unlink()
        elif fault.name == "a copy of a file":
            shutil.copy(path, path.with_name("copy.dcm"))
        else:
            dataset.save_as(path, enforce_file_format=False)
    finally:
        config.settings.writing_validation_mode = before


def put(**values: object) -> Change:
    """Set attributes; None takes one away."""

    def change(dataset: Dataset, _first: Dataset, _number: int) -> None:
        for keyword, value in values.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)

    return change


def same_as_first(*keywords: str) -> Change:
    """Copy attributes of the first instance."""

    def change(dataset: Dataset, first: Dataset, _number: int) -> None:
        for keyword in keywords:
            setattr(dataset, keyword, first[keyword].value)

    return change


def axes(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    cosines = np.array(dataset.ImageOrientationPatient, float)
    return cosines[:3], cosines[3:], np.cross(cosines[:3], cosines[3:])


def move(dataset: Dataset, by: np.ndarray) -> None:
    position = np.array(dataset.ImagePositionPatient, float) + by
    dataset.ImagePositionPatient = [f"{v:.10g}" for v in position]


def along_normal(share: float) -> Change:
    return lambda d, _f, _n: move(d, axes(d)[2] * 2.5 * share)


def turned(d: Dataset, _first: Dataset, _number: int) -> None:
    row, column, _ = axes(d)
    angle = np.radians(1)
    new = [*(np.cos(angle) * row + np.sin(angle) * column), *(np.cos(angle) * column - np.sin(angle) * row)]
    d.ImageOrientationPatient = [f"{v:.12f}" for v in new]


def rounded(digits: int) -> Change:
    return lambda d, _f, _n: setattr(
        d, "ImageOrientationPatient", [f"{float(v):.{digits}f}" for v in d.ImageOrientationPatient]
    )


def swapped_size(d: Dataset, _first: Dataset, _number: int) -> None:
    d.Rows, d.Columns = d.Columns, d.Rows


def wrong_vr(keyword: str, value: int) -> Change:
    def change(d: Dataset, _first: Dataset, _number: int) -> None:
        tag = pydicom.datadict.tag_for_keyword(keyword)
        d[keyword] = DataElement(tag, "US", value)

    return change


def syntax(uid: str) -> Callable[[bytes], bytes]:
    """Name another transfer syntax, of the same length when padded."""

    def change(content: bytes) -> bytes:
        start = content.index(b"\x02\0\x10\0UI")
        length = struct.unpack_from("<H", content, start + 6)[0]
        raw = uid.encode().ljust(length, b"\0")
        assert len(raw) == length, "the new UID does not fit"
        return content[: start + 8] + raw + content[start + 8 + length :]

    return change


def bytes_of(keyword: str, value: bytes) -> Callable[[bytes], bytes]:
    """Replace the value of a short element, padded to the length that it has."""

    def change(content: bytes) -> bytes:
        tag = pydicom.datadict.tag_for_keyword(keyword)
        start = content.index(struct.pack("<HH", tag >> 16, tag & 0xFFFF), 132)
        length = struct.unpack_from("<H", content, start + 6)[0]
        assert len(value) <= length
        return content[: start + 8] + value.ljust(length) + content[start + 8 + length :]

    return change


def pixels(change: Callable[[bytes], bytes]) -> Change:
    return lambda d, _f, _n: setattr(d, "PixelData", change(d.PixelData))


def odd_pixels(content: bytes) -> bytes:
    """One byte less, honestly counted."""
    start = content.index(b"\xe0\x7f\x10\0OW\0\0")
    length = struct.unpack_from("<L", content, start + 8)[0]
    return content[: start + 8] + struct.pack("<L", length - 1) + content[start + 12 : -1]


def twice(content: bytes) -> bytes:
    """Repeat Rows."""
    start = content.index(b"\x28\0\x10\0US")
    return content[: start + 10] + content[start : start + 10] + content[start + 10 :]


def flip(content: bytes) -> bytes:
    spoilt = bytearray(content)
    spoilt[-11] ^= 0x20
    return bytes(spoilt)


def beyond(data: bytes) -> bytes:
    return data[:100] + b"\xff\x7f" + data[102:]


def negated(data: bytes) -> bytes:
    return (-np.frombuffer(data, np.int16)).tobytes()


def mirrored(data: bytes) -> bytes:
    return np.frombuffer(data, "<i2").reshape(ROWS, COLUMNS)[:, ::-1].tobytes()


def zeroed(content: bytes) -> bytes:
    """Lose most of a codestream, and keep its head."""
    return content[:-400] + bytes(380) + content[-20:]


def unsaid(d: Dataset, _first: Dataset, _number: int) -> None:
    d.LossyImageCompression = "00"
    del d.LossyImageCompressionRatio, d.LossyImageCompressionMethod


def twelve_bits(d: Dataset, _first: Dataset, _number: int) -> None:
    d.BitsStored, d.HighBit, d.PixelData = 12, 11, beyond(d.PixelData)


def mapped(slope: float, first: int, last: int) -> Change:
    """Put a Real World Value Mapping beside what is there."""

    def change(d: Dataset, _first: Dataset, _number: int) -> None:
        item = Dataset()
        item.LUTExplanation = item.LUTLabel = "x"
        item.add_new("RealWorldValueFirstValueMapped", "SS", first)
        item.add_new("RealWorldValueLastValueMapped", "SS", last)
        item.RealWorldValueIntercept, item.RealWorldValueSlope = 0.0, slope
        d.RealWorldValueMappingSequence = [item]

    return change


def by_plane(data: bytes) -> bytes:
    """Colors of one plane, in another order than the header says."""
    return np.frombuffer(data, "u1").reshape(ROWS, COLUMNS, 3).transpose(2, 0, 1).tobytes()


def decayed(d: Dataset, _first: Dataset, _number: int) -> None:
    d.DecayCorrection, d.CorrectedImage = "START", ["ATTN"]


OTHER = "1.2.826.0.1.3680043.8.498.1"
FAULTS = [
    # --- across files
    Fault("position repeated", "positions-repeat", same_as_first("ImagePositionPatient")),
    Fault("position uneven by 10 %", "planes-uneven", along_normal(0.1)),
    Fault("position uneven by 0.1 %", "planes-uneven", along_normal(0.001)),
    Fault("position aside by 0.3 pixels", "planes-staggered", lambda d, _f, _n: move(d, axes(d)[0] * 0.2)),
    Fault("planes sheared", "planes-sheared", lambda d, _f, n: move(d, axes(d)[0] * 0.1 * n), every=True),
    Fault("a plane missing", "planes-missing", lambda _d, _f, _n: "delete"),
    Fault("the first plane missing", "number-start", lambda _d, _f, n: "delete" if n == 1 else None, every=True),
    Fault("a copy of a file", "uid-repeats", lambda _d, _f, _n: None),
    Fault("position missing", "position-missing", put(ImagePositionPatient=None)),
    Fault("orientation of one turned by 1°", "planes-differ", turned),
    Fault("orientation to 5 digits", "directions-rounded", rounded(5), every=True),
    Fault("orientation to 2 digits", "directions-rounded", rounded(2), every=True),
    Fault("pixel spacing of one differs", "planes-differ", put(PixelSpacing=[0.9, 0.7])),
    Fault("SOP Instance UID repeated", "uid-repeats", same_as_first("SOPInstanceUID")),
    Fault("Study Instance UID of one differs", "differs", put(StudyInstanceUID=OTHER)),
    Fault("Series Instance UID of one differs", "series-torn", put(SeriesInstanceUID=OTHER)),
    Fault("Frame of Reference UID of one differs", "differs", put(FrameOfReferenceUID=OTHER)),
    Fault("patient of one differs", "differs", put(PatientName="Doe^Jane", PatientID="0815")),
    Fault("Modality of one differs", "differs", put(Modality="MR")),
    Fault("Instance Number repeated", "number-repeats", same_as_first("InstanceNumber")),
    Fault("Instance Numbers out of order", "order", lambda d, _f, n: setattr(d, "InstanceNumber", n ^ 1), every=True),
    Fault("Rescale Slope of one differs", "rescale-differs", put(RescaleSlope=2)),
    Fault("signedness of one differs", "differs", put(PixelRepresentation=0)),
    Fault("rows and columns of one swapped", "planes-differ", swapped_size),
    Fault("rows and columns of all swapped", "swapped", swapped_size, every=True),
    Fault("Spacing Between Slices contradicts", "spacing-contradicts", put(SpacingBetweenSlices=3), every=True),
    Fault("Rescale Intercept of one differs", "rescale-differs", put(RescaleIntercept=-1)),
    Fault("Rescale Type of one differs", "differs", put(RescaleType="US")),
    Fault("a localizer in the stack", "localizer", put(ImageType=["DERIVED", "PRIMARY", "LOCALIZER"])),
    Fault("a plane of one time point missing", "planes-missing", lambda _d, _f, _n: "delete", source=film),
    Fault("Units of one PET image differ", "differs", put(Units="BQML"), modality="PT"),
    Fault("decay correction of one PET image differs", "differs", put(DecayCorrection="START"), modality="PT"),
    # --- in one header
    Fault("negative Slice Thickness", "distance", put(SliceThickness=-2.5), every=True),
    Fault("Spacing Between Slices 0", "distance", put(SpacingBetweenSlices=0), every=True),
    Fault("Pixel Spacing 0", "distance", put(PixelSpacing=[0, 0.7]), every=True),
    Fault("far from the origin", "far-away", lambda d, _f, _n: move(d, np.array([2e5, 0, 0])), every=True),
    Fault("time zone +00:00", "timezone", put(TimezoneOffsetFromUTC="+00:00"), every=True),
    Fault("padding value with the wrong sign VR", "sign-of-value", wrong_vr("PixelPaddingValue", 63536), every=True),
    Fault("smallest value with the wrong sign VR", "sign-of-value", wrong_vr("SmallestImagePixelValue", 9), every=True),
    Fault("lossy without a ratio", "lossy-ratio", put(LossyImageCompression="01"), every=True),
    Fault("ORIGINAL on derived pixels", "original", put(ImageType=["ORIGINAL", "PRIMARY", "AXIAL"]), every=True),
    Fault("High Bit 14", "high-bit", put(HighBit=14), every=True),
    Fault("Bits Stored 12, values beyond", "beyond-bits", twelve_bits),
    Fault("Rescale Slope 0", "slope-zero", put(RescaleSlope=0), every=True),
    Fault("Rescale Intercept missing", "rescale-half", put(RescaleIntercept=None), every=True),
    Fault("mapping against Rescale Slope", "mapping-contradicts", mapped(3.0, -32768, 32767), every=True),
    Fault("values outside the mapped range", "beyond-mapping", mapped(1.0, -300, 100), every=True),
    Fault("Units of PET missing", "pet-units", put(Units=None), modality="PT", every=True),
    Fault("PET corrected for decay, and not", "pet-decay", decayed, modality="PT", every=True),
    Fault("Rescale Intercept of PET", "pet-intercept", put(RescaleIntercept=5), modality="PT", every=True),
    Fault("window width 0.5", "window-width", put(WindowWidth="0.5"), every=True),
    Fault("window that shows nothing", "window-blank", put(WindowCenter="90000"), every=True),
    Fault("date that does not exist", "value-invalid", None, bytes_of("StudyDate", b"20261399"), every=True),
    Fault("UID with a leading zero", "value-invalid", None, bytes_of("FrameOfReferenceUID", b"1.02.3"), every=True),
    Fault(
        "text not in its character set", "text-undecodable", None, bytes_of("SeriesDescription", b"M\xfcl"), every=True
    ),
    Fault("position with a NaN", "position", None, bytes_of("ImagePositionPatient", b"nan\\0\\0")),
    # --- in the file
    Fault(
        "file meta names another instance",
        "meta-contradicts",
        lambda d, _f, _n: setattr(d.file_meta, "MediaStorageSOPInstanceUID", UID(OTHER)),
    ),
    Fault(
        "file meta names another class",
        "meta-contradicts",
        lambda d, _f, _n: setattr(d.file_meta, "MediaStorageSOPClassUID", UID("1.2.840.10008.5.1.4.1.1.4")),
    ),
    Fault("transfer syntax contradicts the header", "syntax-wrong", None, syntax(ImplicitVRLittleEndian)),
    Fault("transfer syntax contradicts the pixels", "pixels-native", None, syntax(RLELossless)),
    Fault("Pixel Data too short", "pixels-length", pixels(lambda data: data[:-20])),
    Fault("Pixel Data too long", "pixels-length", pixels(lambda data: data + bytes(20))),
    Fault("Pixel Data of odd length", "pixels-odd", None, odd_pixels),
    Fault("an element twice", "element-twice", None, twice),
    Fault("file cut off", "broken", None, lambda content: content[:-100]),
    Fault("file cut off in its header", "broken", None, lambda content: content[:700]),
    Fault("file empty", "not-dicom", None, lambda _content: b""),
    Fault("bytes behind the end", "trailing-bytes", None, lambda content: content + b"and more of it"),
    Fault(
        "colors by plane, not by pixel", "planar-swapped", pixels(by_plane), modality="OT", every=True, source=colors
    ),
    # --- compressed
    Fault("compressed frame of another size", "decoded-size", put(Rows=28), transfer_syntax="jpeg-2000"),
    Fault("codestream of another kind", "codestream-kind", None, syntax(JPEGLSLossless), transfer_syntax="jpeg-2000"),
    Fault("codestream damaged", "undecodable", None, zeroed, transfer_syntax="jpeg-ls"),
    Fault("lossy, and not said", "lossy-unsaid", unsaid, transfer_syntax="jpeg-ls-lossy"),
    # --- only the source tells
    Fault("one bit of one voxel flipped", "", None, flip),
    Fault("values negated, as by a cast", "", pixels(negated)),
    Fault("pixels of two planes exchanged", "", same_as_first("PixelData")),
    Fault("planes shifted by one", "", lambda d, _f, _n: move(d, axes(d)[2] * 2.5), every=True),
    Fault("a plane mirrored", "", pixels(mirrored)),
]

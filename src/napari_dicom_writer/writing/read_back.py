"""What was staged, read back by pydicom's reader and compared with the plan and the layer.

The comparison is with the layer's own values, not with what the encoder was given: a fault in quantizing would show.
Across a series it checks what no validator sees: repeated UIDs and positions, uneven planes, shear, order.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pydicom
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.encaps import generate_frames

from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.errors import ExportError, VerificationError
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.modules.file_meta import PIXEL_DATA, file_meta, file_meta_of, pixel_data_vr
from napari_dicom_writer.iods.modules.image import LOSSY_RATIO
from napari_dicom_writer.options.choices import VerifyLevel

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray
    from pydicom.dataelem import DataElement, RawDataElement
    from pydicom.dataset import Dataset, FileDataset

    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan

_REMEDY = "Nothing was published. The source changed meanwhile, or disk or software are at fault: please report it"


_Elements = dict[int, tuple[str | None, Any]]  # tag → VR, value as read


@dataclass(frozen=True, slots=True)
class Seen:
    """What the checks across a series need of an instance."""

    uid: str
    number: int
    position: tuple[float, ...]
    time_index: int


class SeriesVerifier:
    """Checks the instances of one series as they are written, then the series. Safe to share between threads.

    The first header read is compared element by element with the plan. The others must hold the very same bytes in
    every element that is shared, and what the plan says in those that vary: parsing sixty texts a thousand times over
    would take longer than writing them.

    Parameters
    ----------
    series
        The plan.
    level
        ``headers`` compares every element and no pixels; ``full`` compares both.
    """

    def __init__(self, series: SeriesPlan, level: VerifyLevel) -> None:
        self._series = series
        self._level = level
        self._iod = IODS[series.iod]
        self._codec = codec_of(series.options)
        varying = [*self._iod.varying(series, series.instances[0])]
        varying += [] if series.options.transfer_syntax.lossless else [LOSSY_RATIO]
        self._varying = {int(tag_for_keyword(k) or 0): k for k in varying}
        self._vrs = {k: dictionary_VR(k) for k in varying}
        self._meta = file_meta(series, self._iod.sop_class_uid)
        self._shared: _Elements = {}
        self._seen: list[Seen] = []

    def instance(self, path: str | os.PathLike[str], instance: InstancePlan, values: NDArray[Any]) -> Seen:
        """Read one instance back.

        Parameters
        ----------
        path
            The staged file.
        instance
            Its plan.
        values
            The layer's values of this plane, as read: (rows, columns) or (rows, columns, samples).

        Returns
        -------
        Seen
            For `add`, where the series is finished in another process.

        Raises
        ------
        VerificationError
            Naming the instance and the first element or voxel that differs.
        """
        try:
            return self._instance(path, instance, values)
        except ExportError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a damaged file makes the parser or the decoder raise
            self._fail(instance, f"it cannot be read: {type(error).__name__}: {error}")

    def _instance(self, path: str | os.PathLike[str], instance: InstancePlan, values: NDArray[Any]) -> Seen:
        dataset = pydicom.dcmread(path)
        raw = {tag: dataset.get_item(tag) for tag in map(int, dataset.keys())}
        pixels = raw.pop(PIXEL_DATA, None)
        if pixels is None or not self._is_framed(pixels):
            self._fail(instance, "Pixel Data is missing, or has another length or VR than planned")
        shared: _Elements = {tag: (e.VR, e.value) for tag, e in raw.items() if tag not in self._varying}
        texts = {keyword: _text(raw[tag]) if tag in raw else "" for tag, keyword in self._varying.items()}
        wrong = [k for tag, k in self._varying.items() if tag in raw and self._vrs[k] != raw[tag].VR]
        if wrong:
            self._fail(instance, f"{dictionary_description(wrong[0])} does not have the VR of the standard")
        self._check_varying(texts, dataset.file_meta, instance)
        if LOSSY_RATIO in texts and not self._ratio_is_true(texts[LOSSY_RATIO], len(pixels.value)):
            self._fail(instance, "Lossy Image Compression Ratio is not that of its bytes")
        if not self._shared:
            self._check_header(dataset, instance)
            self._shared = shared
        elif shared != self._shared:
            self._fail(instance, f"{self._first_difference(shared)} is not what the first instance says")
        if self._level is VerifyLevel.FULL:
            self._check_pixels(dataset, instance, values)
        position = tuple(map(float, texts["ImagePositionPatient"].split("\\")))
        seen = Seen(texts["SOPInstanceUID"], int(texts["InstanceNumber"]), position, instance.frame.time_index)
        self.add(seen)
        return seen

    def _is_framed(self, pixels: RawDataElement | DataElement) -> bool:
        """Whether Pixel Data has the VR and length of one native plane, or of one fragment after an empty table."""
        size, native = len(pixels.value or b""), self._series.frame_bytes
        if not self._codec:
            # The parser takes a value that breaks off for a short one: its length must be what the file says, too.
            said = getattr(pixels, "length", size)
            return pixel_data_vr(self._series) == pixels.VR and said == size == native + native % 2
        head = struct.unpack_from("<HHLHHL", pixels.value or b"", 0) if size > 16 else ()
        return pixels.VR == "OB" and head == (0xFFFE, 0xE000, 0, 0xFFFE, 0xE000, size - 16) and size % 2 == 0

    def _ratio_is_true(self, said: str, encapsulated: int) -> bool:
        # Two item headers before the fragment; pydicom leaves the delimiter away.
        return abs(float(said) * (encapsulated - 16) / self._series.frame_bytes - 1) < 1e-4

    def add(self, seen: Seen) -> None:
        """Take an instance that was read back, here or in another process, into the checks across the series."""
        self._seen.append(seen)

    def _first_difference(self, shared: _Elements) -> str:
        tags = sorted(shared.keys() | self._shared.keys())
        return dictionary_description(next(tag for tag in tags if shared.get(tag) != self._shared.get(tag)))

    def _check_header(self, dataset: FileDataset, instance: InstancePlan) -> None:
        expected = self._iod.dataset(self._series, instance)
        missing = [str(expected[tag].name) for tag in expected.keys() - dataset.keys()]
        if missing:
            self._fail(instance, f"{missing[0]} is missing")
        for element in dataset:
            if element.tag == PIXEL_DATA or element.keyword == LOSSY_RATIO:
                continue
            if element.tag not in expected or not _same(element, expected[element.tag]):
                self._fail(instance, f"{element.name} is not what the plan says")

    def _check_varying(self, texts: dict[str, str], meta: Dataset, instance: InstancePlan) -> None:
        for keyword, value in self._iod.varying(self._series, instance).items():
            if texts[keyword] != str(value):
                self._fail(instance, f"{dictionary_description(keyword)} is not what the plan says")
        said = {element.keyword: element.value for element in meta}
        said.pop("FileMetaInformationGroupLength", None)  # the parser went by it
        if said != self._meta | file_meta_of(instance):
            self._fail(instance, "the file meta information is not what the plan says")

    def _check_pixels(self, dataset: FileDataset, instance: InstancePlan, values: NDArray[Any]) -> None:
        stored = self._series.stored
        read = self._decoded(dataset)
        source = values[..., :3] if stored.samples == 3 else values
        if read.shape != source.shape:
            self._fail(instance, f"it has {read.shape} pixels instead of {source.shape}")
        if math.isinf(stored.largest_error) and not _resembles(read, stored.encode(values)):
            what = "what the lossy codec left does not resemble the plane"
            self._fail(instance, what, "Choose a smaller lossy_ratio, or a lossless transfer syntax")
        if not stored.matches(read, values):
            self._report_difference(instance, read, stored.finite(values))

    def _decoded(self, dataset: FileDataset) -> NDArray[Any]:
        """Stored values as the header describes them, which was compared before; compressed ones by another codec."""
        rows, columns, stored = dataset.Rows, dataset.Columns, self._series.stored
        if self._codec:
            frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
            return self._codec.decode(frame, rows, columns, stored)
        kind = "i" if dataset.PixelRepresentation else "u"
        shape = (rows, columns, 3) if dataset.SamplesPerPixel == 3 else (rows, columns)
        pixels = np.frombuffer(dataset.PixelData, f"<{kind}{dataset.BitsAllocated // 8}")
        # Without the padding to an even length.
        return pixels[: math.prod(shape)].reshape(shape)

    def _report_difference(self, instance: InstancePlan, read: NDArray[Any], source: NDArray[Any]) -> NoReturn:
        stored = self._series.stored
        wrong = ~(np.abs(stored.decode(read) - source) <= stored.largest_error)
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        self._fail(
            instance,
            f"{int(wrong.sum()):,} values differ; the first, at row {first[0]}, column {first[1]}, "
            f"is {stored.decode(read[first])} instead of {source[first]}",
        )

    def finish(self) -> None:
        """Check the series as a whole, after its last instance.

        Raises
        ------
        VerificationError
            Repeated UIDs; positions that repeat, are unevenly spaced, or leave the normal; wrong order.
        """
        seen = sorted(self._seen, key=lambda s: s.number)
        if len(seen) != len(self._series.instances) or len({s.uid for s in seen}) != len(seen):
            self._fail(None, "instances are missing or share a UID")
        if [s.number for s in seen] != list(range(1, len(seen) + 1)):
            self._fail(None, "Instance Numbers do not count from 1")
        for time_index in sorted({s.time_index for s in seen}):
            self._check_stack(np.array([s.position for s in seen if s.time_index == time_index]))

    def _check_stack(self, positions: NDArray[np.float64]) -> None:
        """Planes of one time point: even steps along the normal, in rising order."""
        grid = self._series.grid
        if len(positions) != self._series.planes:
            self._fail(None, f"a time point has {len(positions)} planes instead of {self._series.planes}")
        if len(positions) == 1:
            return
        step = grid.normal * float(grid.spacing_between_planes)
        expected = positions[0] + np.arange(len(positions))[:, np.newaxis] * step
        # Both ends of a step are rounded to a DS, whose 16 bytes hold 14 digits of a coordinate, and no more decimals.
        smallest = min(map(float, (*grid.pixel_spacing, grid.spacing_between_planes)))
        tolerance = 1e-6 * smallest + 1.1e-13 * max(1.0, float(np.abs(positions).max()))
        if np.abs(positions - expected).max() > tolerance:
            self._fail(None, "planes are not evenly spaced along the normal, in rising order")

    def _fail(self, instance: InstancePlan | None, what: str, remedy: str = _REMEDY) -> NoReturn:
        at = f", instance {instance.number}" if instance else ""
        raise VerificationError(f"Read back, {what}", remedy, f"series {self._series.number}{at}")


def _same(read: DataElement, expected: DataElement) -> bool:
    """Whether two elements say the same; pydicom reads an empty one as None, text or a list, by its VR."""
    if read.VR != expected.VR:
        return False
    return bool(read.is_empty and expected.is_empty) or _plain(read.value) == _plain(expected.value)


def _plain(value: Any) -> Any:
    """Return numbers as numbers: pydicom gives arrays to who asked for it, with `pydicom.config.DS_numpy`."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _text(element: RawDataElement | DataElement) -> str:
    """What an element that varies says; pydicom keeps its bytes as they were read."""
    value: bytes = element.value or b""
    return str(int.from_bytes(value, "little")) if element.VR == "US" else value.decode("ascii").rstrip(" \0")


def _resembles(read: NDArray[Any], stored: NDArray[Any]) -> bool:
    """Whether a plane of unknown loss still shows its source: as bright, and no better match when it is turned over.

    Both in stored values: what quantizing took away before is not the codec's.
    """
    decoded, original = read.astype(np.float64), stored.astype(np.float64)
    if abs(decoded.mean() - original.mean()) > 0.5 * original.std() + 0.01 * np.ptp(original) + 1:
        return False
    turned = (decoded, decoded[::-1], decoded[:, ::-1], decoded[::-1, ::-1])
    matches = [float(((view - view.mean()) * (original - original.mean())).mean()) for view in turned]
    # A symmetric plane matches its mirror image about as well, artifacts decide.
    return matches[0] >= 0.99 * max(matches)

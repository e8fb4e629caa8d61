"""A volume on its way to series plans: checked, straightened where asked, its axes named, its values scanned."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer import iods
from napari_dicom_writer.errors import Fix, Note, NoteKind, PixelError
from napari_dicom_writer.model import geometry
from napari_dicom_writer.model.axis_names import sizes_in_words
from napari_dicom_writer.model.contours import POINT
from napari_dicom_writer.model.planes import turned
from napari_dicom_writer.model.slabs import finished_planes, read_ahead, slabs
from napari_dicom_writer.model.value_range import Found, Ranges, ScanCache, ValueRange
from napari_dicom_writer.model.volume import SPATIAL, Volume, check_pixels
from napari_dicom_writer.options.choices import Planes, ShearPolicy, UnnamedAxis
from napari_dicom_writer.plan.grid import make_grid
from napari_dicom_writer.plan.wording import where
from napari_dicom_writer.planning.companion import companion_iod, wants_companion
from napari_dicom_writer.planning.contour_lengths import most_points
from napari_dicom_writer.planning.fractions import check_whole, find_fractions
from napari_dicom_writer.planning.labels import LabelUse, find_labels, note_vanished
from napari_dicom_writer.planning.onto_image import Image, Placed, onto_image
from napari_dicom_writer.planning.outlines import ByPlane, lay
from napari_dicom_writer.planning.plausible import questions
from napari_dicom_writer.planning.value_policy import needs_range

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.grid import Grid

_THREADS = 8  # that memory can feed
_US = 65535  # Rows and Columns are US


@dataclass(slots=True)
class Draft:
    """A volume that passed all checks, on its way to series plans."""

    index: int
    iod: IOD
    volume: Volume
    where: str
    grid: Grid
    names: tuple[str, ...]  # of the leading axes; at most one is "time"
    notes: list[Note]
    ranges: Ranges = field(default_factory=dict)
    labels: LabelUse | None = None  # of a label map
    drawn: ByPlane | None = None  # of shapes and points
    image: Image | None = None  # that labels belong to
    off_grid: bool = False  # of every image there is

    @property
    def time_points(self) -> int:
        """How many time points it has."""
        return self.volume.leading_shape[self.names.index("time")] if "time" in self.names else 1

    @property
    def channel(self) -> int | None:
        """Which leading axis is that of the segments, where each has fractions of its own."""
        fractions = self.volume.labels and self.volume.labels.fractions
        return self.names.index("channel") if fractions and "channel" in self.names else None

    @property
    def axes(self) -> str:
        """What each axis of the array was taken as, with its size."""
        leading = iter(self.names)
        names = [axis if axis in SPATIAL else next(leading) for axis in self.volume.axes]
        return sizes_in_words([*names, *(["sample"] if self.volume.rgb else [])], self.volume.array.shape)


def make_draft(
    index: int,
    volume: Volume,
    options: ExportOptions,
    tick: Callable[[int], None],
    scans: ScanCache | None = None,
    images: Sequence[Image] = (),
) -> Draft:
    """Place one volume and scan its values where needed.

    `tick` is called with the number of planes after every slab; `scans` knows earlier ones; `images` are those that
    labels may belong to.
    """
    if volume.drawn is not None:
        return _drawn_draft(index, volume, options, images)
    straight, notes = _straight(volume, options)
    lies = Placed(straight) if volume.labels is None else onto_image(straight, images, options)
    placed, notes = lies.volume, [*notes, *lies.notes]
    grid = lies.image.grid if lies.image else _grid_of(placed, notes)
    iod, passed_over = iods.choose(options, kind_of(volume), color=volume.rgb)
    notes += passed_over
    draft = Draft(index, iod, placed, where(index, volume.name), grid, _leading_names(placed, options, notes), notes)
    draft.notes += questions(placed, draft.names)
    draft.image, draft.off_grid = lies.image, lies.resampled or (bool(images) and lies.image is None)
    # What is resampled is an array of its own each time.
    known = scans if placed.array is volume.array else None
    if volume.labels is not None:
        check_whole(volume, options)
        draft.labels = _label_use(draft, placed, options, tick, known)
        if lies.resampled:
            draft.notes += note_vanished(_label_use(draft, straight, options, lambda _: None, None), draft.labels)
    elif any(needs_range(placed.dtype, one.rules, rgb=placed.rgb) for one in _written(iod, options)):
        draft.ranges = _once(known, placed, draft.names, lambda: _scan(draft, tick))
    return draft


def _drawn_draft(index: int, volume: Volume, options: ExportOptions, images: Sequence[Image]) -> Draft:
    """Lay outlines and points on the planes of their image."""
    laid, image, use, by_plane, said = lay(volume, images)
    iod, _ = iods.choose(options, kind_of(volume))
    notes = [*volume.notes, *said]
    draft = Draft(index, iod, laid, where(index, volume.name), image.grid, (), notes)
    draft.image, draft.labels, draft.drawn = image, use, by_plane
    return draft


def _once(known: ScanCache | None, volume: Volume, names: tuple[str, ...], scan: Callable[[], Found]) -> Found:
    """Return what a scan finds, and found earlier in the same array with the same axes."""
    return known.once(volume.array, (*names, *volume.axes), scan) if known else scan()


def _label_use(
    draft: Draft, volume: Volume, options: ExportOptions, tick: Callable[[int], None], known: ScanCache | None
) -> LabelUse:
    """Which labels, or fractions of which segments, a volume holds."""
    if volume.labels and volume.labels.fractions:
        return find_fractions(volume, draft.channel, options, tick)
    most = most_points(draft.grid, volume.shape) if draft.iod.contours else None
    return _once(known, volume, ("labels", str(most)), lambda: find_labels(volume, tick, most))


def _written(iod: IOD, options: ExportOptions) -> list[IOD]:
    """What a layer becomes: its object, and the one beside it."""
    return [iod, *([companion_iod(options)] if wants_companion(iod, options) else [])]


def kind_of(volume: Volume) -> str:
    """Which kind of layer a volume is, in the words of the table of objects."""
    if volume.drawn is not None:
        return iods.POINTS if volume.drawn[0].kind == POINT else iods.SHAPES
    return iods.IMAGE if volume.labels is None else iods.LABELS


def image_of_draft(draft: Draft) -> Image:
    """Make a drafted image one that labels may be drawn on."""
    name = f"the image {draft.volume.name!r}" if draft.volume.name else "the image"
    return Image(name, draft.grid, draft.volume.shape, index=draft.index)


def place(volume: Volume, options: ExportOptions) -> tuple[Volume, Grid, list[Note]]:
    """Check one volume, and straighten it where asked; no pixel is read.

    Returns
    -------
    Volume, Grid, list of Note
        What will be written, where its planes will lie, and what this assumes or loses.
    """
    straight, notes = _straight(volume, options)
    return straight, _grid_of(straight, notes), notes


def _straight(volume: Volume, options: ExportOptions) -> tuple[Volume, list[Note]]:
    """Check one volume, turn its planes as wanted, and take out its shear where asked."""
    check_pixels(volume)
    notes = list(volume.notes)
    geometry.check_affine(volume.affine)
    if options.planes is not Planes.KEEP:
        volume, slanted = turned(volume, options.planes)
        notes += slanted
    if options.shear is ShearPolicy.RESAMPLE and geometry.is_sheared(volume.affine, volume.shape):
        from napari_dicom_writer.model.resample import resample

        volume, note = resample(volume)
        notes.append(note)
    return volume, notes


def _grid_of(volume: Volume, notes: list[Note]) -> Grid:
    """Where its planes will lie, exactly as written."""
    _check_size(volume)
    grid = make_grid(volume.affine, volume.shape, thickness_known="plane" in volume.axes)
    _note_displacement(volume, notes)
    return grid


def _check_size(volume: Volume) -> None:
    _, rows, columns = volume.shape
    for name, count in (("rows", rows), ("columns", columns)):
        if count > _US:
            raise PixelError(f"It has {count:,} {name}; DICOM allows {_US:,}", "Crop, tile or downsample the layer")


def _note_displacement(volume: Volume, notes: list[Note]) -> None:
    """Announce a shear too small to refuse; float32 affines have some."""
    straight = geometry.orthogonal_affine(volume.affine)
    apart = geometry.largest_displacement(volume.affine, straight, volume.shape)
    # 10 nm of a patient are nothing; of microscopy they are voxels.
    if apart > min(1e-5, 1e-3 * float(np.linalg.norm(straight[:3, :3], axis=0).min())):
        text = f"Axes not quite at right angles: straightened, no voxel moves by more than {apart:.2g} mm"
        notes.append(Note(NoteKind.LOST, text))


def _leading_names(volume: Volume, options: ExportOptions, notes: list[Note]) -> tuple[str, ...]:
    """Name every leading axis, and announce where nothing but the option tells."""
    names = volume.leading_names(options.unnamed_axis)
    for position, (given, name, length) in enumerate(zip(volume.leading, names, volume.leading_shape, strict=True)):
        if not given and length > 1:
            text = f"Axis {position} ({length} long) has no telling label or unit: taken as {name}"
            other = UnnamedAxis.CHANNEL if name == UnnamedAxis.TIME else UnnamedAxis.TIME
            alone = Fix("unnamed_axis", other, f"Take as {other}")
            fix = alone if other not in names else Fix("axes", None, "Set axes…")
            notes.append(Note(NoteKind.ASSUMED, text, fix=fix))
    return names


def channel_of(draft: Draft, leading: tuple[int, ...]) -> tuple[int, ...]:
    """Index without time: all time points of a channel share one Modality LUT, and stay comparable; so do colors."""
    if draft.volume.rgb:
        return ()
    return tuple(i for i, name in zip(leading, draft.names, strict=True) if name != "time")


def _scan(draft: Draft, tick: Callable[[int], None]) -> Ranges:
    """Find the range of every channel, reading each slab once, and looking at it in as many threads as there are."""
    ranges: Ranges = {}
    threads = min(_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        for slab, values in read_ahead(draft.volume, slabs(draft.volume)):
            planes = list(zip(np.ndindex(slab.shape), slab.places(), strict=True))
            share = -(-len(planes) // threads)
            parts = [planes[start : start + share] for start in range(0, len(planes), share)]
            for found in pool.map(partial(_scan_planes, draft, values), parts):
                for channel, part in found.items():
                    ranges.setdefault(channel, ValueRange()).merge(part)
            tick(finished_planes(slab, draft.volume))
    return ranges


def _scan_planes(
    draft: Draft, values: NDArray[Any], planes: Sequence[tuple[tuple[int, ...], tuple[tuple[int, ...], int]]]
) -> Ranges:
    found: Ranges = {}
    for place, (leading, _) in planes:
        plane = values[place][..., :3] if draft.volume.rgb else values[place]
        with draft.volume.steady(values[place]):
            found.setdefault(channel_of(draft, leading), ValueRange()).add(plane)
    return found

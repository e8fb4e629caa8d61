"""The objects the writer can make: this table is their only list.

A new object is one file beside this one and one row here: the choices of `ExportOptions.object`, form, command line,
preferences, the table in the documents and the parametrization of the tests follow. Its file is imported when it is
first needed; importing the table imports none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Note, NoteKind, OptionsError
from napari_dicom_writer.mention import mention

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.options.export import ExportOptions

AUTO = "auto"
"""The choice that leaves it to the layer and its modality."""
IMAGE, LABELS, SHAPES, POINTS = "image", "labels", "shapes", "points"
"""Kinds of layers."""


@dataclass(frozen=True, slots=True)
class Row:
    """One object.

    Attributes
    ----------
    key : str
        What `ExportOptions.object` calls it.
    title : str
        Its name in PS3.3, as people read it.
    load : callable
        Returns the `IOD`.
    modalities : tuple of str
        Which ones it may be of; empty where any will do.
    layers : tuple of str
        Kinds of layers it takes.
    auto : tuple of str
        Kinds of layers that ``object="auto"`` makes it of, if the modality is among its own.
    doc : str
        What it is for, in a few words.
    """

    key: str
    title: str
    load: Callable[[], IOD]
    modalities: tuple[str, ...] = ()
    layers: tuple[str, ...] = (IMAGE,)
    auto: tuple[str, ...] = (IMAGE,)
    doc: str = ""

    @property
    def one(self) -> str:
        """Its name with its article, as it is spoken."""
        return f"{'an' if self.title.startswith(('E', 'MR', 'RT')) else 'a'} {self.title}"


@cache
def _made(file: str, name: str) -> IOD:
    iod: IOD = getattr(import_module(f"{__name__}.{file}"), name)()
    return iod


# In the order in which ``auto`` looks: what is of one modality comes before what is of any.
_TABLE = (
    Row("ct", "CT", partial(_made, "ct", "CTImage"), ("CT",), doc="Hounsfield units"),
    Row("mr", "MR", partial(_made, "mr", "MRImage"), ("MR",), doc="magnetic resonance; it has no Rescale Slope"),
    Row("pet", "PET", partial(_made, "pet", "PETImage"), ("PT",), doc="activity and SUV"),
    Row(
        "multi-frame",
        "Multi-frame Secondary Capture",
        partial(_made, "multiframe_sc", "MultiFrameSecondaryCapture"),
        auto=(),
        doc="all planes in one file",
    ),
    Row(
        "enhanced-ct",
        "Enhanced CT",
        partial(_made, "enhanced_ct", "EnhancedCTImage"),
        ("CT",),
        auto=(),
        doc="a CT, all planes and time points in one file",
    ),
    Row(
        "enhanced-mr",
        "Enhanced MR",
        partial(_made, "enhanced_mr", "EnhancedMRImage"),
        ("MR",),
        auto=(),
        doc="an MR, all planes and time points in one file, with a Rescale Slope",
    ),
    Row(
        "parametric-map",
        "Parametric Map",
        partial(_made, "parametric_map", "ParametricMap"),
        auto=(),
        doc="floats as they are, NaN included, and whole numbers wider than 16 bits",
    ),
    Row(
        "segmentation",
        "Segmentation",
        partial(_made, "segmentation", "Segmentation"),
        ("SEG",),
        layers=(LABELS,),
        auto=(LABELS,),
        doc="labels, as masks or as a label map",
    ),
    Row(
        "rt-structure-set",
        "RT Structure Set",
        partial(_made, "rt_structure_set", "RTStructureSet"),
        ("RTSTRUCT",),
        layers=(LABELS, SHAPES, POINTS),
        auto=(SHAPES, POINTS),
        doc="outlines of labels, shapes and points, for radiotherapy",
    ),
    Row("sc", "Secondary Capture", partial(_made, "sc", "SecondaryCapture"), doc="any image; it claims nothing"),
)


class Table(Mapping[str, "IOD"]):
    """The objects by key, each loaded when it is first asked for."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self._rows = {row.key: row for row in rows}

    def __getitem__(self, key: str) -> IOD:
        return self._rows[key].load()

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is known without loading them."""
        return tuple(self._rows.values())

    def row(self, key: str) -> Row:
        """Return what is known of one of them."""
        return self._rows[key]

    def add(self, row: Row) -> None:
        """Add an object, or put another in its place."""
        self._rows[row.key] = row

    def remove(self, key: str) -> None:
        """Take an object out again."""
        del self._rows[key]


IODS = Table(_TABLE)


class _Choices(Mapping[str, str]):
    """What `ExportOptions.object` may be, with the words for it: follows the table."""

    def __getitem__(self, key: str) -> str:
        return "automatic" if key == AUTO else IODS.row(key).title

    def __iter__(self) -> Iterator[str]:
        return iter((AUTO, *IODS))

    def __len__(self) -> int:
        return 1 + len(IODS)


CHOICES = _Choices()


def choose(options: ExportOptions, layer: str = IMAGE, *, color: bool = False) -> tuple[IOD, list[Note]]:
    """Return the object that a layer becomes: the one asked for, else the first that fits.

    Parameters
    ----------
    options
        `object` and `modality`.
    layer
        Kind of the layer.
    color
        Whether it holds colors.

    Returns
    -------
    IOD, list of Note
        What to tell the user where the modality has an object of its own, and another is taken.

    Raises
    ------
    OptionsError
        If no object takes such a layer.
    """
    # The object of the images of a scene is not that of its labels: `check_taken` looks at all layers.
    if options.object != AUTO and layer in (row := IODS.row(options.object)).layers:
        return row.load(), []
    passed: list[Row] = []
    for row in IODS.rows:
        if layer in row.auto and (not row.modalities or options.modality in row.modalities or layer != IMAGE):
            if not color or row.load().rules.color:
                return row.load(), [_passed_over(other, row) for other in passed]
            passed.append(row)
    raise OptionsError(f"No object is made of a layer of {layer}", "Deselect it")


def check_taken(key: str, layer: str, others: Collection[str] = ()) -> None:
    """Refuse an object that takes neither a layer nor one of the others, for which it may be meant.

    Raises
    ------
    OptionsError
        Naming the object.
    """
    if key != AUTO and layer == IMAGE and not {layer, *others} & {*(row := IODS.row(key)).layers}:
        remedy = f"Choose {mention('object', AUTO)}, or another"
        raise OptionsError(f"{row.one[0].upper()}{row.one[1:]} is not made of an image", remedy)


def _passed_over(own: Row, taken: Row) -> Note:
    return Note(NoteKind.INFO, f"It has colors, which {own.one} cannot hold: written as {taken.title}")

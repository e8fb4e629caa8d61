"""What a comparison of a layer with its series has found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One voxel that is not the same.

    Attributes
    ----------
    index : tuple of int
        In the layer: leading axes, plane, row, column.
    position : tuple of float
        LPS mm.
    here, there : float or tuple of float
        Its value in the layer and in the series, in the layer's units; of colors, all samples.
    """

    index: tuple[int, ...]
    position: tuple[float, float, float]
    here: float | tuple[float, ...]
    there: float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A layer, or a part of one, and its series.

    Attributes
    ----------
    layer : str
        Its name, with channel or time point.
    series : str
        Series Number; empty where there is none for it.
    uid : str
        Series Instance UID.
    voxels : int
        Of the layer; of what holds none, what is counted instead.
    counted : str
        What they are.
    problems : tuple of str
        Why it is not the same; empty where it is.
    notes : tuple of str
        What was allowed or assumed.
    apart : float or None
        How far any voxel lies from its place, mm; None where it could not be compared.
    allowed : float
        Largest difference of values that is allowed.
    largest : float or None
        Largest difference found.
    differing : int
        Voxels that differ by more.
    first : Difference or None
        The first of them.
    """

    layer: str
    series: str = ""
    uid: str = ""
    voxels: int = 0
    counted: str = "voxels"
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    apart: float | None = None
    allowed: float = 0.0
    largest: float | None = None
    differing: int = 0
    first: Difference | None = None

    @property
    def same(self) -> bool:
        """Whether every voxel is in its place with its value."""
        return not self.problems

"""Which numbers options may hold, whatever else is chosen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_dicom_writer.errors import OptionsError, Refusals
from napari_dicom_writer.mention import mention

if TYPE_CHECKING:
    from collections.abc import Callable


class _Range(NamedTuple):
    holds: Callable[[float], bool]
    what: str
    remedy: str


_RANGES = {
    "nan": _Range(math.isfinite, "is not a finite number", "Give a finite fill value"),
    "lossy_error": _Range(
        lambda error: 1 <= error <= 255,
        "is not an error JPEG-LS can be held to",
        f"Give an integer from 1 to 255, or choose {mention('transfer_syntax', 'jpeg-ls')} to lose nothing",
    ),
    "lossy_ratio": _Range(
        lambda ratio: 1 < ratio < math.inf,
        "is not a ratio to compress to",
        f"Give a number above 1, or choose {mention('transfer_syntax', 'jpeg-2000')} to lose nothing",
    ),
    "fraction_maximum": _Range(
        lambda maximum: 0 < maximum < math.inf, "is not a maximum of fractions", "Give a number above 0"
    ),
    "workers": _Range(lambda workers: workers >= 1, "is not a number of threads", "Give 1 or more"),
}


def check_numbers(options: Any) -> None:
    """Refuse every number of some options that is outside its range, all at once.

    Raises
    ------
    OptionsError
        Naming each.
    """
    refusals = Refusals()
    for name, (holds, what, remedy) in _RANGES.items():
        value = getattr(options, name)
        with refusals.collect("options"):
            if value is not None and not holds(value):
                raise OptionsError(f"{mention(name, value)} {what}", remedy)
    refusals.raise_if_any()

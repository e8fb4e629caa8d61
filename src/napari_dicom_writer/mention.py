"""An option that a message mentions, spelled as its reader knows it.

A message is written where something is found, and read in Python, on a command line, in a form or in a menu. There the
same option is ``values='exact'``, ``--values exact`` or a labeled field. So messages hold marks in place of options,
and whoever shows a message spells them; what nobody spells is in Python's words.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from contextlib import suppress

Speller = Callable[[str, object], str]
"""Spells an option (its name, such as ``values`` or ``patient.name``), with a value unless that is None."""

# Of the private use area: no layer's name and no path holds them by chance, and what is not a mark stays as it is.
_MARK = re.compile("\ue000([^\ue000-\ue002]*)\ue001([^\ue000-\ue002]*)\ue002")


def mention(option: str, value: object = None) -> str:
    """Write the mark of an option, to be put into a message.

    Parameters
    ----------
    option
        A field of `ExportOptions`, or of one of its groups (``patient.name``); or what a shell asks beside them.
    value
        Of the option: text, a number or a switch; None to mention the option alone.

    Examples
    --------
    >>> spell(f"Choose {mention('values', 'fit')}, or set {mention('nan')}", in_python)
    "Choose values='fit', or set nan"
    """
    plain = "" if value is None else repr(str(value)) if isinstance(value, str) else repr(value)
    return f"\ue000{option}\ue001{plain}\ue002"


def spell(message: str, speller: Speller) -> str:
    """Replace the marks in a message."""
    return _MARK.sub(lambda mark: speller(mark[1], _value(mark[2])), message)


def in_python(option: str, value: object) -> str:
    """Spell an option as a keyword argument."""
    return option if value is None else f"{option}={value!r}"


def _value(plain: str) -> object:
    if not plain:
        return None
    for read in (ast.literal_eval, float):  # infinity and NaN are not literals
        with suppress(ValueError, SyntaxError):
            return read(plain)
    return plain

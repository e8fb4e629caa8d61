"""Text from elsewhere, such as a layer's name, shown as it is: it is not markup, and turns nothing around."""

from __future__ import annotations

import re
from html import escape

# Marks that set the direction of all text after them. Letters of scripts that run from right to left need none.
_TURNS = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_MAY_BREAK = "\N{ZERO WIDTH SPACE}"
_LONG_WORD = 24  # characters
_WORD = re.compile(r"\S+")
_LONGEST = 120  # characters of a name; napari takes any number
_LONGEST_HINT = 2000  # of a tooltip, which has to fit the screen


def shown(text: str) -> str:
    """Leave out marks that turn the words around what they are in.

    Examples
    --------
    >>> shown("layer 'a\u202eb': it is sheared")
    "layer 'ab': it is sheared"
    """
    return text.translate(_TURNS)


def shown_name(name: str) -> str:
    r"""Make one line of a name, and not too long a one.

    Examples
    --------
    >>> shown_name(" first\nsecond ")
    'first second'
    """
    line = " ".join(shown(name).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def wrapping(text: str) -> str:
    """Let words that are longer than a line go on in the next one, but for paths, which are copied from here.

    Examples
    --------
    >>> wrapping("a" * 30).split(_MAY_BREAK)
    ['aaaaaaaaaaaaaaaaaaaaaaaa', 'aaaaaa']
    """
    return _WORD.sub(_broken, shown(text))


def _broken(word: re.Match[str]) -> str:
    letters = word[0]
    if "/" in letters or "\\" in letters:
        return letters
    return _MAY_BREAK.join(letters[at : at + _LONG_WORD] for at in range(0, len(letters), _LONG_WORD))


def tooltip(text: str) -> str:
    r"""Make a tooltip of plain text: Qt takes what looks like markup for markup, and wraps no other lines.

    Examples
    --------
    >>> tooltip("a <b>\nc")
    "<p style='white-space: pre-wrap'>a &lt;b&gt;<br>c</p>"
    """
    if not text:
        return ""
    cut = shown(text[:_LONGEST_HINT]) + ("…" if len(text) > _LONGEST_HINT else "")
    return "<p style='white-space: pre-wrap'>" + escape(cut, quote=False).replace("\n", "<br>") + "</p>"

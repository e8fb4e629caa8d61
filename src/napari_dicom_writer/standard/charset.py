"""Text of other people's DICOM files, decoded strictly: what cannot be read for certain is refused, never guessed.

pydicom replaces what it cannot decode, and takes bytes of no declared character set as Latin-1; in a patient's name
that is an error which nobody sees. So this is Specific Character Set (PS3.3 C.12.1.1.2) with its code extensions
(PS3.5 6.1.2.5), as ISO 2022 has them: escape sequences designate a set to the lower (G0) or the upper (G1) half of the
bytes, and delimiters bring back the sets that the file begins with.
"""

from __future__ import annotations

import re

# Defined terms, without what is spelt in several ways (`_key`).
_STAND_ALONE = {"192": "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
# ISO registration numbers: the sequence after ESC that designates the set, and Python's codec for its bytes.
_UPPER = {
    "100": (b"-A", "iso8859_1"),
    "101": (b"-B", "iso8859_2"),
    "109": (b"-C", "iso8859_3"),
    "110": (b"-D", "iso8859_4"),
    "144": (b"-L", "iso8859_5"),
    "127": (b"-G", "iso8859_6"),
    "126": (b"-F", "iso8859_7"),
    "138": (b"-H", "iso8859_8"),
    "148": (b"-M", "iso8859_9"),
    "203": (b"-b", "iso8859_15"),
    "166": (b"-T", "tis_620"),
    "13": (b")I", "shift_jis"),
    "149": (b"$)C", "euc_kr"),
    "58": (b"$)A", "gb2312"),
}
_PAIRS = {"87": (b"$B", "iso2022_jp"), "159": (b"$(D", "iso2022_jp_2")}  # two bytes a character, in the lower half
_ASCII, _ROMAJI, _KATAKANA = b"(B", b"(J", b")I"
_REPLACEMENT = "\ufffd"
_TOKEN = re.compile(
    rb"\x1b(?P<escape>[\x20-\x2f]+[\x30-\x7e])|(?P<upper>[\x80-\xff]+)|(?P<lower>[\x00-\x1a\x1c-\x7f]+)"
)
_DELIMITERS = frozenset(b"\\\t\n\f\r")
_NAME_DELIMITERS = _DELIMITERS | frozenset(b"^=")


class UndecodableError(ValueError):
    """Bytes that are not text for certain; the message says why, in words that follow the attribute's name."""


def decode(value: bytes, declared: bytes, *, name: bool) -> str:
    r"""Decode a value of VR LO, SH or PN.

    Parameters
    ----------
    value
        As it is in the file.
    declared
        Specific Character Set as it is in the file; empty where it is not there.
    name
        Whether it is a PN, whose ``^`` and ``=`` are delimiters.

    Returns
    -------
    str
        All values with the backslashes between them, if there are several.

    Raises
    ------
    UndecodableError
        If a character set is not known or not declared, or the bytes are not text in it.

    Examples
    --------
    >>> decode(b"M\xfcller", b"ISO_IR 100 ", name=True)
    'Müller'
    """
    terms = [_key(term) for term in declared.decode("latin_1").split("\\")]
    value = value.rstrip(b" \0")
    try:
        text = _decode(value, terms, _NAME_DELIMITERS if name else _DELIMITERS)
    except UnicodeError:
        raise UndecodableError("is not text in the character set that the file declares") from None
    if _REPLACEMENT in text:
        raise UndecodableError("has lost characters before it came into the file")
    return text


def _key(term: str) -> str:
    """``ISO_IR 100``, ``ISO 2022 IR 100`` and the misspelt ``ISO-IR_100`` name one set; the default is ISO-IR 6."""
    bare = re.sub(r"^ISO[ _-](?:2022[ _-])?IR[ _-]", "", term.strip(" \0"))
    return bare or "6"


def _decode(value: bytes, terms: list[str], delimiters: frozenset[int]) -> str:
    if len(terms) == 1 and terms[0] in _STAND_ALONE:
        return value.decode(_STAND_ALONE[terms[0]])
    if not all(term == "6" or term in _UPPER or term in _PAIRS for term in terms):
        raise UndecodableError("is in a character set that is not known here")
    return _Extensions(terms, delimiters).decode(value)


class _Extensions:
    """The state of ISO 2022: which sets the lower and the upper half of the bytes stand for."""

    def __init__(self, terms: list[str], delimiters: frozenset[int]) -> None:
        self._delimiters = delimiters
        self._upper_sets = dict(_UPPER[term] for term in terms if term in _UPPER)
        self._pairs = dict(_PAIRS[term] for term in terms if term in _PAIRS)
        self._first = terms[0]
        self._reset()

    def _reset(self) -> None:
        self._lower = _ROMAJI if self._first == "13" else _ASCII
        self._upper = _UPPER[self._first][0] if self._first in _UPPER else b""

    def decode(self, value: bytes) -> str:
        parts, at = [], 0
        while at < len(value):
            token = _TOKEN.match(value, at)
            if token is None:
                raise UndecodableError("holds a broken escape sequence")
            at = token.end()
            run = token[0]
            if token["escape"]:
                self._designate(token["escape"])
            elif token["upper"]:
                parts.append(self._decode_upper(run))
            else:
                parts.append(self._decode_lower(run))
        return "".join(parts)

    def _designate(self, sequence: bytes) -> None:
        if sequence in self._upper_sets:
            self._upper = sequence
        elif sequence in (_ASCII, _ROMAJI) or sequence in self._pairs:
            self._lower = sequence
        else:
            raise UndecodableError("uses a character set that the file does not declare")

    def _decode_upper(self, run: bytes) -> str:
        if not self._upper:
            raise UndecodableError("is not ASCII, and the file declares no character set for it")
        # Of Shift JIS, only katakana are JIS X 0201; others are pairs of bytes.
        if self._upper == _KATAKANA and not all(0xA1 <= byte <= 0xDF for byte in run):
            raise UndecodableError("is not text in the character set that the file declares")
        return run.decode(self._upper_sets[self._upper])

    def _decode_lower(self, run: bytes) -> str:
        if self._lower in self._pairs:
            if len(run) % 2 or not all(0x21 <= byte <= 0x7E for byte in run):
                raise UndecodableError("is not text in the character set that the file declares")
            return (b"\x1b" + self._lower + run).decode(self._pairs[self._lower])
        # The yen sign and the overline of JIS X 0201, which programs take for a backslash and a tilde.
        if self._lower == _ROMAJI and (b"~" in run or b"\\" in run):
            raise UndecodableError("holds a yen sign or an overline, which programs read in different ways")
        if self._delimiters.intersection(run):
            self._reset()
        return run.decode("ascii")

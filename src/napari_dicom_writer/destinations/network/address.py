"""The address of a DICOM node, taken apart and put together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

PORT, TLS_PORT = 104, 2762
"""Where a DICOM node listens if nobody says otherwise, also over TLS."""
_TITLE = re.compile(r"[ -\[\]-~]{1,16}")  # AE: no control characters, no backslash (PS3.5 6.2)
_HOST = re.compile(r"[\w.-]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%\w+)?\]?")
_IN_TITLES = " !\"$&'()*+,-.<=>[]^_`{|}~"  # signs that end no part of an address, or of a list
_LONGEST = 16


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What the address of a DICOM node says, as somebody may have typed it.

    Attributes
    ----------
    host, port
        Where it is; no port: the usual one.
    called, calling
        AE titles of the node and of this side; none of this side: the usual one.
    tls
        Whether the way there is encrypted.
    associations
        How many at a time; empty: as many as usual.

    Examples
    --------
    >>> NodeParts("pacs.example", "11112", "MY PACS", "ME", tls=True).address
    'dicoms://MY PACS@pacs.example:11112?from=ME'
    >>> NodeParts("::1", "", "A@B").address
    'dicom://A%40B@[::1]'
    >>> [bool(why) for why in NodeParts("a b", "x", "SEVENTEEN-LETTERS", "").problems]
    [True, True, True, False]
    """

    host: str = ""
    port: str = ""
    called: str = ""
    calling: str = ""
    tls: bool = False
    associations: str = ""

    @property
    def address(self) -> str:
        """All of it, as it is remembered."""
        host = f"[{self.host}]" if ":" in self.host and not self.host.startswith("[") else self.host
        said = {"from": self.calling, "associations": self.associations}
        query = "&".join(f"{key}={quote(value, safe='')}" for key, value in said.items() if value)
        scheme, port = "dicoms" if self.tls else "dicom", f":{self.port}" if self.port else ""
        return f"{scheme}://{quote(self.called, safe=_IN_TITLES)}@{host}{port}" + (f"?{query}" if query else "")

    @property
    def problems(self) -> tuple[str, str, str, str]:
        """What is wrong with host, port, and both AE titles; empty where nothing is."""
        port = self.port.isascii() and self.port.isdecimal() and 0 < int(self.port) < 2**16
        return (
            "" if _HOST.fullmatch(self.host) else "A host is a name, as pacs.example, or an IP address",
            "" if port or not self.port else "A port is a number from 1 to 65535",
            title_problem(self.called),
            title_problem(self.calling) if self.calling else "",
        )


def title_problem(title: str) -> str:
    """Say what is wrong with an AE title; empty where nothing is."""
    if not title.strip():
        return "An AE title is missing"
    if _TITLE.fullmatch(title):
        return ""
    return f"An AE title has at most {_LONGEST} characters of ASCII, and no backslash"


def parts_of(address: str) -> NodeParts:
    """Take an address apart, as far as it is one: nothing is refused here."""
    try:
        parts = urlsplit(address if "://" in address else f"dicom://{address}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return NodeParts()
    said = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return NodeParts(
        host,
        str(port) if port else "",
        unquote(parts.username or ""),
        said.get("from", ""),
        parts.scheme == "dicoms",
        said.get("associations", ""),
    )

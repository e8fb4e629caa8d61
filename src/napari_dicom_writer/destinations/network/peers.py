"""Who is sent to: an address, by itself or remembered under a name."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from napari_dicom_writer.destinations.network.address import PORT, TLS_PORT, title_problem
from napari_dicom_writer.destinations.network.user_files import config_folder, replace_text
from napari_dicom_writer.errors import DestinationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from urllib.parse import SplitResult

_OWN_TITLE = "NAPARI"
_MOST = 64
ASSOCIATIONS = 6
"""At a time: most of an instance's time is waiting for the answer to it."""
_HOW = "Write dicom://AETITLE@host:port, dicoms:// for TLS, or https://host/path of a DICOMweb server"


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody who takes DICOM.

    Attributes
    ----------
    address : str
        As the user gave it.
    to : str
        The destination that speaks its language: a key of the table.
    host, port
        Where it is.
    called, calling : str
        AE titles of the peer and of this program; empty for DICOMweb.
    tls : bool
        Whether the way there is encrypted, and the peer's certificate checked.
    associations : int
        How many a DICOM node is sent over at once.
    """

    address: str
    to: str
    host: str
    port: int
    called: str = ""
    calling: str = ""
    tls: bool = False
    associations: int = ASSOCIATIONS

    @property
    def is_this_machine(self) -> bool:
        """Whether nothing leaves this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def peer_at(address: str) -> Peer:
    """Read an address.

    Raises
    ------
    DestinationError
        If it is none, or holds what does not belong there.

    Examples
    --------
    >>> peer = peer_at("dicom://ORTHANC@pacs.example:4242?from=NAPARI")
    >>> peer.to, peer.called, peer.host, peer.port, peer.calling
    ('c-store', 'ORTHANC', 'pacs.example', 4242, 'NAPARI')
    """
    plain = without_password(address)
    try:
        parts = urlsplit(plain)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise DestinationError(f"{plain} is not an address of a peer: {error}", _HOW) from None
    if plain != address or (parts.username is not None and parts.scheme.startswith("http")):
        raise DestinationError(
            f"The address of {host} holds a password",
            "Keep it in the keyring, or in NAPARI_DICOM_WRITER_USER and NAPARI_DICOM_WRITER_PASSWORD",
        )
    if not host or parts.scheme not in ("dicom", "dicoms", "http", "https"):
        raise DestinationError(f"{address} is not an address of a peer", _HOW)
    if parts.fragment or (parts.path.strip("/") if parts.scheme.startswith("dicom") else parts.query):
        raise DestinationError(f"The address of {host} says more than who it is", _HOW)
    if parts.scheme in ("http", "https"):
        tls = parts.scheme == "https"
        return Peer(address.rstrip("/"), "stow-rs", host, port or (443 if tls else 80), tls=tls)
    return _c_store(address, parts, host, port)


def _c_store(address: str, parts: SplitResult, host: str, port: int | None) -> Peer:
    query = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
    calling, associations = query.pop("from", _OWN_TITLE), query.pop("associations", str(ASSOCIATIONS))
    if query:
        asked = ", ".join(query)
        raise DestinationError(
            f"The address of {host} says {asked}", "Only from=AETITLE and associations=NUMBER follow ?"
        )
    if not associations.isdecimal() or not 1 <= int(associations) <= _MOST:
        raise DestinationError(f"{associations!r} is not a number of associations", f"Give one from 1 to {_MOST}")
    called = unquote(parts.username or "")
    for title, whose in ((called, host), (calling, "this side")):
        if why := title_problem(title):
            raise DestinationError(f"{why}: that of {whose}", _HOW)
    tls = parts.scheme == "dicoms"
    port = port or (TLS_PORT if tls else PORT)
    return Peer(address, "c-store", host, port, called, calling, tls, int(associations))


def peer_named(name: str) -> Peer:
    """Return the peer of a name that is remembered, or of an address.

    Raises
    ------
    DestinationError
        If it is neither.
    """
    if "://" in name:
        return peer_at(name)
    if not name:
        raise DestinationError("Nobody is named to send to", f"Choose a peer. {_HOW}")
    known = remembered()
    if name not in known:
        raise no_such_peer(name, known)
    return peer_at(known[name])


def no_such_peer(name: str, known: Mapping[str, str]) -> DestinationError:
    """Return the refusal of a name that is not known."""
    near = get_close_matches(name, known, 1)
    among = f"Remembered are: {', '.join(known)}" if known else "None is remembered yet"
    remedy = f"Is it {near[0]}? {among}" if near else among
    return DestinationError(f"There is no peer {name!r}", f"{remedy}. {_HOW}")


def remember(name: str, address: str, *, instead_of: str = "") -> Peer:
    """Remember an address under a name, and forget another name at once.

    Raises
    ------
    DestinationError
        If the address is none, or the name would be taken for something else.
    """
    peer = checked(name, address)
    others = {other: known for other, known in remembered().items() if other != instead_of}
    remember_all(others | {name: address})
    return peer


def forget(name: str) -> None:
    """Forget a name; what was sent there stays there.

    Raises
    ------
    DestinationError
        If there is no such name.
    """
    known = remembered()
    if name not in known:
        raise no_such_peer(name, known)
    remember_all({other: address for other, address in known.items() if other != name})


def checked(name: str, address: str) -> Peer:
    """Read an address that is to be remembered; raises as `remember` does."""
    if not re.fullmatch(r"[\w-]+", name):
        raise DestinationError(f"{name!r} is not a name for a peer", "Use letters, digits, _ and -")
    # Here, for the table knows who uses this module.
    from napari_dicom_writer.destinations import DESTINATIONS

    if name in DESTINATIONS:
        raise DestinationError(f"{name!r} is a kind of target, and no name for a peer", "Choose another name")
    if ";" in address:
        raise DestinationError("An address that is remembered holds no ;", "Write %3B instead")
    return peer_at(address)


def remember_all(known: Mapping[str, str]) -> None:
    """Remember these addresses by their names, and no others."""
    if known == remembered():
        return
    replace_text(_file(), json.dumps(dict(known), indent=2))


def without_password(text: str) -> str:
    """Take a password out of what is perhaps an address, also one with signs that end a host elsewhere."""
    return re.sub(r"(://[^/?#@:\[]*):(?!\d+([/?#]|$)).*@", r"\1@", text)


def whom(name: str) -> str:
    """Say who a name or address is, and whether anybody on the way can read what is sent there."""
    peer = peer_named(name)
    who = name if name == peer.address else f"{name} ({peer.address})"
    return who if peer.tls or peer.is_this_machine else f"{who}, not encrypted"


def remembered() -> dict[str, str]:
    """Return addresses by their names.

    Raises
    ------
    DestinationError
        If the file that holds them is broken.
    """
    try:
        known = json.loads(_file().read_text(encoding="utf-8"))
        return {str(name): str(address) for name, address in known.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, OSError) as error:
        raise DestinationError(f"{_file()} cannot be read: {error}", "Mend or remove it") from error


def _file() -> Path:
    """Names and addresses, nothing secret."""
    return config_folder() / "peers.json"

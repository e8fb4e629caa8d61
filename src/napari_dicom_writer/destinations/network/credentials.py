"""Who sends, to a DICOMweb server: from the environment or the keyring only, and nowhere else."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dicom_writer.destinations.network.link import Link


def credentials(link: Link) -> Callable[[Any], Any]:
    """Return what makes a request say who sends it.

    Raises
    ------
    DestinationError
        If somebody on the way could read it.
    """
    from requests.auth import HTTPBasicAuth

    token, user, password = (os.environ.get(f"NAPARI_DICOM_WRITER_{name}") for name in ("TOKEN", "USER", "PASSWORD"))
    found = None if token else (user, password or "") if user else _from_keyring(link.peer.address)
    if (token or found) and not link.peer.tls and not link.peer.is_this_machine:
        link.fail("would get a password that anybody on the way can read", "Use https://")
    if found:
        # requests takes text for Latin-1, and fails at all else.
        return HTTPBasicAuth(*(text.encode() for text in found))

    def bear(request: Any) -> Any:
        # Without a token, too: else requests looks for a password in ~/.netrc.
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return bear


def _from_keyring(address: str) -> tuple[str, str] | None:
    try:
        import keyring
    except ImportError:
        return None
    with suppress(Exception):  # whatever a backend says where there is no desktop: then nobody is known
        found = keyring.get_credential(f"napari-dicom-writer {address}", None)
        if found and found.username:
            return found.username, found.password or ""
    return None

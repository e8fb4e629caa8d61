"""What a DICOM node holds: asked by C-FIND, fetched by C-GET (PS3.4 annex C)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.network.association import NotOfferedError, associated, switched
from napari_dicom_writer.destinations.network.transcoding import PLAIN
from napari_dicom_writer.errors import DestinationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import Link, StagedFile

_FIND = "1.2.840.10008.5.1.4.1.2.2.1"  # Study Root Query/Retrieve Information Model - FIND
_GET = "1.2.840.10008.5.1.4.1.2.2.3"  # Study Root Query/Retrieve Information Model - GET


def find(link: Link, level: str, **keys: str) -> list[Any] | None:
    """Ask for studies or instances.

    Parameters
    ----------
    link
        To the node; `unasked` says why it could not be asked.
    level
        ``"STUDY"`` or ``"IMAGE"``.
    keys
        By their keywords: what is looked for, and empty what is wanted.

    Returns
    -------
    list of Dataset, or None
        None if it cannot be asked.
    """
    try:
        # Whose they are would be in everybody's log.
        with switched(LOG_RESPONSE_IDENTIFIERS=False), associated(link, [(_FIND, PLAIN)]) as association:
            found = []
            for status, answer in association.send_c_find(_query(level, **keys), _FIND):
                if not status or status.Status not in (0xFF00, 0xFF01, 0x0000):
                    code = f"{status.Status:04X}H" if status else "nothing"
                    link.unasked = f"it answers a query with {code}"
                    return None
                if answer is not None:
                    found.append(answer)
            return found
    except (NotOfferedError, ValueError):
        link.unasked = "it answers no queries"
    except DestinationError as error:
        link.unasked = f"it{error.refusals[0].what.removeprefix(link.peer.address)}"
    return None


def get(link: Link, file: StagedFile, contexts: Sequence[tuple[str, Sequence[str]]], into: Path) -> bool:
    """Have an instance stored here, over the same association; False if the node does not offer that."""
    from pynetdicom import build_role, evt

    came: list[int] = []

    def store(event: Any) -> int:
        into.write_bytes(event.encoded_dataset())
        came.append(1)
        return 0

    query = _query("IMAGE", StudyInstanceUID=file.study, SeriesInstanceUID=file.series, SOPInstanceUID=file.uid)
    more = {"ext_neg": [build_role(file.sop_class, scp_role=True)]}
    try:
        with associated(link, [(_GET, PLAIN), *contexts], [(evt.EVT_C_STORE, store)], **more) as association:
            for status, _ in association.send_c_get(query, _GET):
                if not status or status.Status not in (0xFF00, 0x0000):
                    return False
    except (DestinationError, ValueError):
        return False
    return bool(came)


def _query(level: str, **keys: str) -> Any:
    from pydicom.dataset import Dataset

    query = Dataset()
    query.QueryRetrieveLevel = level
    for key, value in keys.items():
        setattr(query, key, value)
    return query

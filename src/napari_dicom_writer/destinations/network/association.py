"""An association with a DICOM node (PS3.8), by pynetdicom: quick, bounded, and given up as soon as it is to end."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.network.link import ANSWER_SECONDS, CHECK, CONNECT_SECONDS
from napari_dicom_writer.errors import DestinationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_dicom_writer.destinations.network.link import Link

_AHEAD = 64  # packets of an instance, of 16 KB each as a rule, that wait to be sent
_LARGEST = 2**18  # bytes of a packet to a peer that takes any
_LOOK = 0.2  # seconds


class NotOfferedError(DestinationError):
    """The node takes no association for this."""


@contextmanager
def associated(
    link: Link, contexts: Sequence[tuple[str, Sequence[str]]], handlers: Sequence[Any] = (), **more: Any
) -> Iterator[Any]:
    """Open an association, and release it.

    Parameters
    ----------
    link
        To the peer.
    contexts
        Presentation contexts: each an abstract syntax with its transfer syntaxes.
    handlers, more
        For pynetdicom.

    Raises
    ------
    NotOfferedError
        If it says that it does not want that.
    DestinationError
        Why else there is none.
    """
    try:
        from pynetdicom import AE, evt
    except ImportError:
        link.fail("is reached by pynetdicom", 'Install it: pip install "napari-dicom-writer[network]"')
    peer = link.peer
    entity = AE(ae_title=peer.calling)
    entity.connection_timeout = CONNECT_SECONDS
    entity.acse_timeout = CONNECT_SECONDS
    entity.dimse_timeout = entity.network_timeout = ANSWER_SECONDS
    for abstract, syntaxes in contexts:
        entity.add_requested_context(abstract, list(syntaxes))
    tls = (trusting(), peer.host) if peer.tls else None
    ours = [(evt.EVT_CONN_OPEN, _prepare)]
    try:
        association: Any = entity.associate(
            peer.host, peer.port, ae_title=peer.called, tls_args=tls, evt_handlers=[*ours, *handlers], **more
        )
    except OSError as error:
        link.fail(f"cannot be reached: {error}")
    connection = association.dul.socket.socket
    try:
        _refuse(link, association)
        _bound(association)
        yield association
    finally:
        if association.is_established and association.dul.is_alive():
            association.release()
        if connection:  # of one that was cut off, pynetdicom closes none
            connection.close()


def hang_up(association: Any) -> None:
    """End an association without a word, whatever it waits for."""
    with suppress(AttributeError, OSError):
        association.dul.socket.socket.shutdown(socket.SHUT_RDWR)


class _Bounded(queue.Queue[Any]):
    """Packets on their way: pynetdicom would read a whole instance into memory before it sends any of it."""

    def __init__(self, association: Any) -> None:
        super().__init__(_AHEAD)
        self._association = association

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Wait until there is room, as long as somebody takes packets out; afterwards they are dropped."""
        while self._association.dul.is_alive():
            with suppress(queue.Full):
                return super().put(item, timeout=_LOOK)
        return None


def _bound(association: Any) -> None:
    association.dul.to_provider_queue = _Bounded(association)
    if not association.acceptor.maximum_length:  # the peer takes packets of any length
        association.acceptor.maximum_length = _LARGEST


def _prepare(event: Any) -> None:
    """Let no packet wait for the answer to the one before, which takes 40 ms; and let none wait forever.

    Nor does the peer's: DCMTK sends the second half of an answer when the first is confirmed, which a system puts off.
    It confirms at once when it is told to after the first half has come: that is, with each read. Only Linux can.
    """
    _set(event, socket.TCP_NODELAY)
    if confirm := getattr(socket, "TCP_QUICKACK", None):
        reading = event.assoc.dul.socket
        receive = reading.recv

        def recv(number: int) -> Any:
            _set(event, confirm)
            return receive(number)

        reading.recv = recv
    with suppress(AttributeError, OSError):
        event.assoc.dul.socket.socket.settimeout(ANSWER_SECONDS)


def _set(event: Any, option: int) -> None:
    with suppress(AttributeError, OSError):
        event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, option, 1)


def _refuse(link: Link, association: Any) -> None:
    """Refuse an association that is none, in the words of the peer."""
    if association.is_rejected:
        reason = getattr(association.acceptor.primitive, "reason_str", "") or "without a reason"
        raise NotOfferedError(f"{link.peer.address} rejects the association: {reason}", CHECK)
    if association.rejected_contexts and not association.accepted_contexts:
        raise NotOfferedError(f"{link.peer.address} takes none of these objects", CHECK)
    if not association.is_established:
        what = "is there, and takes no association: it hangs up, or says nothing"
        link.fail(what, f"{CHECK}; perhaps it wants other AE titles")


def trusting() -> ssl.SSLContext:
    """Return who is trusted: whom the system trusts, or ``SSL_CERT_FILE``."""
    return ssl.create_default_context()


_SWITCHING = threading.Lock()
_SWITCHED: Counter[str] = Counter()
_BEFORE: dict[str, Any] = {}


@contextmanager
def switched(**values: Any) -> Iterator[None]:
    """Set switches of pynetdicom, which are of the whole process, as long as anybody needs them so."""
    from pynetdicom import _config

    with _SWITCHING:
        for name, value in values.items():
            if not _SWITCHED[name]:
                _BEFORE[name] = getattr(_config, name)
            _SWITCHED[name] += 1
            setattr(_config, name, value)
    try:
        yield
    finally:
        with _SWITCHING:
            for name in values:
                _SWITCHED[name] -= 1
                if not _SWITCHED[name]:
                    setattr(_config, name, _BEFORE.pop(name))

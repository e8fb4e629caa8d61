"""STOW-RS (PS3.18 10.5), in batches, the bytes of the files as they are; queries by QIDO-RS (PS3.18 10.6)."""

from __future__ import annotations

import os
import secrets
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.network.link import ANSWER_SECONDS, CONNECT_SECONDS, Link
from napari_dicom_writer.destinations.network.target import NetworkDestination
from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.plan.sent import Answer, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import StagedFile

_BATCH = 32 * 2**20
_BLOCK = 2**18
_PAGE = 1000
_TAIL = 4096  # in which the last boundary is
# Reasons of PS3.18 table I.2-2, and those of C-STORE that servers pass on.
_REASONS = {
    0x0110: "processing failure",
    0x0112: "no such object instance",
    0x0117: "invalid object instance",
    0x0122: "SOP class not supported",
    0x0124: "not authorized",
    0x0131: "duplicate transaction UID",
    0xA700: "out of resources",
    0xA900: "data set does not match SOP class",
    0xB000: "coercion of data elements",
    0xB006: "elements discarded",
    0xB007: "data set does not match SOP class",
    0xC000: "cannot understand",
    0xC122: "transfer syntax not supported",
}
_JSON = "application/dicom+json"


class StowLink(Link):
    """A DICOMweb server; see `Link`."""

    fetched_by = "WADO-RS"

    def echo(self) -> None:
        """See `Link`: a query that finds nothing much."""
        answer = self._call("GET", "studies", params={"limit": "1"}, headers={"Accept": _JSON})
        if answer.status_code not in (200, 204):
            self.fail(f"answers {_http(answer)}", "Check its address, and the user and password for it")

    def owners(self, study: str) -> set[tuple[str, str]] | None:
        """See `Link`."""
        found = self._query("studies", StudyInstanceUID=study)
        return None if found is None else {(_value(one, "00100020"), _name(one)) for one in found}

    def holds(self, study: str, series: str) -> set[str] | None:
        """See `Link`."""
        held: set[str] = set()
        while True:
            page = self._query(f"studies/{study}/series/{series}/instances", limit=str(_PAGE), offset=str(len(held)))
            if page is None:
                return None
            more = {_value(one, "00080018") for one in page} - held
            held |= more
            if len(page) < _PAGE or not more:
                return held

    def _query(self, path: str, **params: str) -> list[dict[str, Any]] | None:
        with suppress(DestinationError, ValueError):
            answer = self._call("GET", path, params=params, headers={"Accept": _JSON})
            if answer.status_code in (204, 404):
                return []
            if answer.status_code == 200:
                found = answer.json() if answer.content else []
                return found if isinstance(found, list) else None
        return None

    def send(self, files: Sequence[StagedFile], record: Callable[[Answer], None], tick: Callable[[], None]) -> None:
        """See `Link`."""
        for batch in _batches(files):
            tick()
            boundary = secrets.token_hex(16)
            kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
            try:
                body = _Body(batch, boundary, tick)
                answer = self._call("POST", "studies", data=body, headers={"Accept": _JSON, "Content-Type": kind})
            except DestinationError as error:
                why = error.refusals[0].what
                for file in batch:
                    record(Answer(file.uid, State.UNKNOWN, f"no answer: {why}"))
                return
            for one in _answers(batch, answer):
                record(one)

    def fetch(self, file: StagedFile, into: Path) -> bool:
        """See `Link`: WADO-RS (PS3.18 10.4), the one part of its answer."""
        path = f"studies/{file.study}/series/{file.series}/instances/{file.uid}"
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        with suppress(DestinationError):
            answer = self._call("GET", path, headers={"Accept": accept}, stream=True)
            with closing(answer):
                if answer.status_code == 200:
                    return _one_part(answer.iter_content(_BLOCK), into)
        return False

    def _call(self, method: str, path: str, **more: Any) -> Any:
        try:
            import requests
        except ImportError:
            self.fail("is reached by requests", 'Install it: pip install "napari-dicom-writer[network]"')
        try:
            return requests.request(
                method,
                f"{self.peer.address}/{path}",
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
                auth=self._credentials(),
                **more,
            )
        except requests.exceptions.SSLError as error:
            self.fail(
                f"has no certificate that is trusted: {_innermost(error)}", "Add its authority to REQUESTS_CA_BUNDLE"
            )
        except (requests.exceptions.RequestException, OSError) as error:
            self.fail(f"cannot be reached: {_innermost(error)}")

    def _credentials(self) -> tuple[str, str] | None:
        """User and password, from the environment or the keyring; they go nowhere else."""
        user, password = (os.environ.get(f"NAPARI_DICOM_WRITER_{name}") for name in ("USER", "PASSWORD"))
        found = (user, password or "") if user else _from_keyring(self.peer.address)
        if found and not self.peer.tls and not self.peer.is_this_machine:
            self.fail("would get a password that anybody on the way can read", "Use https://")
        return found


def _from_keyring(address: str) -> tuple[str, str] | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    with suppress(KeyringError):
        found = keyring.get_credential(f"napari-dicom-writer {address}", None)
        if found and found.username:
            return found.username, found.password or ""
    return None


class _Body:
    """A multipart body that is read as it is sent."""

    def __init__(self, files: Sequence[StagedFile], boundary: str, tick: Callable[[], None]) -> None:
        self._files, self._tick = files, tick
        self._head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        self._end = f"--{boundary}--\r\n".encode()

    def __len__(self) -> int:
        return sum(len(self._head) + file.size + 2 for file in self._files) + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        for file in self._files:
            self._tick()
            yield self._head
            with file.path.open("rb") as reading:
                while block := reading.read(_BLOCK):
                    yield block
            yield b"\r\n"
        yield self._end


def _one_part(blocks: Iterator[bytes], into: Path) -> bool:
    """Write the only part of a multipart body to a file; False if there is none.

    The body is the boundary, the part's header, an empty line, the part, and the boundary again with what may follow.
    """
    head = b""
    for block in blocks:
        head += block
        if b"\r\n\r\n" in head or len(head) > _BLOCK:
            break
    head, found, begun = head.partition(b"\r\n\r\n")
    boundary = b"\r\n" + head.lstrip().partition(b"\r\n")[0]
    if not found or not boundary.startswith(b"\r\n--"):
        return False
    with into.open("w+b") as file:
        file.write(begun)
        file.writelines(blocks)
        size = file.tell()
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        end = tail.rfind(boundary)
        file.truncate(size - len(tail) + end if end >= 0 else size)
    return end >= 0


def _batches(files: Sequence[StagedFile]) -> Iterator[list[StagedFile]]:
    """By bytes: what a server must hold at once, and what is unknown if it fails, stay bounded."""
    batch: list[StagedFile] = []
    for file in files:
        if batch and sum(one.size for one in batch) + file.size > _BATCH:
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch


def _answers(batch: Sequence[StagedFile], answer: Any) -> list[Answer]:
    """What the Store Instances Response says (PS3.18 annex I)."""
    try:
        said = answer.json() if answer.content else {}
    except ValueError:
        said = {}
    said = said[0] if isinstance(said, list) and said else said
    stored = _items(said, "00081199", "00081196")
    failed = _items(said, "00081198", "00081197")
    found = []
    for file in batch:
        if file.uid in failed:
            found.append(Answer(file.uid, State.REFUSED, _reason(failed[file.uid])))
        elif file.uid in stored:
            code = stored[file.uid]
            found.append(Answer(file.uid, State.WARNING if code else State.STORED, _reason(code) if code else ""))
        elif answer.status_code >= 400:
            found.append(Answer(file.uid, State.REFUSED, _http(answer)))
        else:
            found.append(Answer(file.uid, State.UNKNOWN, f"{_http(answer)}, and not a word about this instance"))
    return found


def _items(said: Any, sequence: str, reason: str) -> dict[str, int | None]:
    try:
        items = said[sequence]["Value"]
        return {item["00081155"]["Value"][0]: next(iter(item.get(reason, {}).get("Value", [])), None) for item in items}
    except (AttributeError, IndexError, KeyError, TypeError):
        return {}  # nothing was said, or nothing that is to be relied on


def _reason(code: int | None) -> str:
    if code is None:
        return "without a reason"
    known = _REASONS.get(code) or _REASONS.get(code & 0xFF00) or _REASONS.get(code & 0xF000, "unknown status")
    return f"{code:04X}H, {known}"


def _value(item: dict[str, Any], tag: str) -> str:
    values = item.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _name(item: dict[str, Any]) -> str:
    values = item.get("00100010", {}).get("Value") or [{}]
    return str(values[0].get("Alphabetic", "")) if isinstance(values[0], dict) else str(values[0])


def _http(answer: Any) -> str:
    return f"HTTP {answer.status_code} {answer.reason}".strip()


def _innermost(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(getattr(error, "strerror", None) or error)


class StowDestination(NetworkDestination):
    """A DICOMweb server; see `NetworkDestination`."""

    words = "a DICOMweb server, https://host/path"
    language = "stow-rs"
    link = StowLink

"""STOW-RS (PS3.18 10.5), in batches, the bytes of the files as they are; queries by QIDO-RS (PS3.18 10.6)."""

from __future__ import annotations

import os
import secrets
import threading
from concurrent.futures import Future, wait
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.network.link import ANSWER_SECONDS, CONNECT_SECONDS, Link
from napari_dicom_writer.destinations.network.multipart import BLOCK, Body, batches, one_part
from napari_dicom_writer.destinations.network.store_response import answers, in_words
from napari_dicom_writer.destinations.network.target import NetworkDestination
from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.plan.sent import Answer, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import StagedFile

_PAGE = 1000
_HEARTBEAT = 0.1  # seconds
_PATIENCE = 2  # seconds that an answer is waited for when all is to end
_JSON = "application/dicom+json"


class StowLink(Link):
    """A DICOMweb server; see `Link`."""

    fetched_by = "WADO-RS"

    def echo(self) -> None:
        """See `Link`: a query that finds nothing much."""
        answer = self._call("GET", "studies", params={"limit": "1"}, headers={"Accept": _JSON})
        if answer.status_code not in (200, 204):
            self.fail(f"answers {in_words(answer)}", "Check its address, and the user and password for it")
        if "html" in answer.headers.get("Content-Type", ""):  # to whoever asks, for whatever
            self.fail("answers with a page for people, so it is no DICOMweb server", "Check the path in its address")

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

    def send(self, files: Sequence[StagedFile], record: Callable[[Answer], None], tick: Callable[[int], None]) -> None:
        """See `Link`."""
        for batch in batches(files):
            try:
                answer = self._posted(batch, record, tick)
            except DestinationError as error:
                why = error.refusals[0].what
                for file in batch:
                    record(Answer(file.uid, State.UNKNOWN, f"no answer: {why}"))
                return
            for one in answers(batch, answer):
                record(one)

    def _posted(
        self, batch: Sequence[StagedFile], record: Callable[[Answer], None], tick: Callable[[int], None]
    ) -> Any:
        """Send a batch in a thread of its own, for nobody who cancels is to wait for a server that falls silent."""
        boundary, stop = secrets.token_hex(16), threading.Event()
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        body = Body(batch, boundary, stop)
        call = partial(self._call, "POST", "studies", data=body, headers={"Accept": _JSON, "Content-Type": kind})
        answer: Future[Any] = Future()
        threading.Thread(target=_fulfill, args=(answer, call), daemon=True).start()
        try:
            while not wait([answer], _HEARTBEAT).done:
                tick(body.gone)
            tick(body.gone)
        except BaseException:
            stop.set()
            if wait([answer], _PATIENCE).done and not answer.exception():  # it came in time
                for one in answers(batch, answer.result()):
                    record(one)
            raise
        return answer.result()

    def fetch(self, file: StagedFile, into: Path) -> bool:
        """See `Link`: WADO-RS (PS3.18 10.4), the one part of its answer."""
        from requests.exceptions import RequestException  # of an answer that breaks off

        path = f"studies/{file.study}/series/{file.series}/instances/{file.uid}"
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        with suppress(DestinationError, RequestException):
            answer = self._call("GET", path, headers={"Accept": accept}, stream=True)
            with closing(answer):
                if answer.status_code == 200:
                    return one_part(answer.iter_content(BLOCK), into)
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


def _fulfill(answer: Future[Any], call: Callable[[], Any]) -> None:
    try:
        answer.set_result(call())
    except Exception as error:  # noqa: BLE001 - whoever waits for the answer is told
        answer.set_exception(error)


def _value(item: dict[str, Any], tag: str) -> str:
    values = item.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _name(item: dict[str, Any]) -> str:
    values = item.get("00100010", {}).get("Value") or [{}]
    return str(values[0].get("Alphabetic", "")) if isinstance(values[0], dict) else str(values[0])


def _innermost(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(getattr(error, "strerror", None) or error)


class StowDestination(NetworkDestination):
    """A DICOMweb server; see `NetworkDestination`."""

    title = "DICOMweb server"
    words = "a DICOMweb server, https://host/path"
    language = "stow-rs"
    link = StowLink

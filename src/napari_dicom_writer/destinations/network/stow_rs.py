"""STOW-RS (PS3.18 10.5), in batches, the bytes of the files as they are; queries by QIDO-RS (PS3.18 10.6)."""

from __future__ import annotations

import secrets
import threading
import time
from concurrent.futures import wait
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.network.credentials import credentials
from napari_dicom_writer.destinations.network.link import ANSWER_SECONDS, CONNECT_SECONDS, Link
from napari_dicom_writer.destinations.network.multipart import BATCH, BLOCK, Body, batch_of, one_part
from napari_dicom_writer.destinations.network.patience import begun
from napari_dicom_writer.destinations.network.store_response import answers, in_words, said, values_of
from napari_dicom_writer.destinations.network.target import NetworkDestination
from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.plan.sent import Answer, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_dicom_writer.destinations.network.link import StagedFile

_PAGE, _LEAST = 200, 50
"""Instances that are asked for at a time, and so many at least that a server hands out if there are more."""
_HEARTBEAT = 0.1  # seconds
_PATIENCE = 2  # seconds that an answer is waited for when all is to end
_JSON = "application/dicom+json"
_TO_NOBODY = {301, 302, 303, 307, 308, 401, 403, 404, 405}
"""What is said to a batch and would be to the next, too."""
_TOO_MUCH = {400, 409, 413, 422}
"""What may be because of the size of a batch, or of one instance in it, if nothing else is said."""
_NO_PROXIES: Any = dict.fromkeys(("http", "https", "all"))
_TURNS = 3  # that a batch is sent in when the server has no time
_LONGEST = 60  # seconds until then


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
        if found is None:
            return None
        # Some do not heed what they are asked for.
        return {(_value(one, "00100020"), _name(one)) for one in found if _value(one, "0020000D") in (study, "")}

    def holds(self, study: str, series: str) -> set[str] | None:
        """See `Link`."""
        held: set[str] = set()
        while True:
            try:
                page = self._query(
                    f"studies/{study}/series/{series}/instances", limit=str(_PAGE), offset=str(len(held))
                )
            except DestinationError as error:
                self.unasked = f"it{error.refusals[0].what.removeprefix(self.peer.address)}"
                return None
            if page is None:
                return None
            more = {_value(one, "00080018") for one in page} - held
            held |= more
            if len(page) < _LEAST or not more:  # it may hand out fewer than it was asked for
                return held

    def _query(self, path: str, **params: str) -> list[dict[str, Any]] | None:
        try:
            answer = self._call("GET", path, params=params, headers={"Accept": _JSON})
            self.unasked = f"it answers a query with {in_words(answer)}"
            if answer.status_code in (204, 404):
                return []
            if answer.status_code == 200:
                found = answer.json() if answer.content else []
                if isinstance(found, list) and all(isinstance(one, dict) for one in found):
                    return found
                raise ValueError
            if answer.status_code >= 500 and answer.status_code != 501:  # else it offers no such query
                self.fail(self.unasked.removeprefix("it "), "Try again when it is well")
        except ValueError:
            self.unasked = "it answers a query with what is no DICOM JSON"
        return None

    def send(self, files: Sequence[StagedFile], record: Callable[[Answer], None], tick: Callable[[int], None]) -> None:
        """See `Link`."""
        waiting, most, turns = list(files), BATCH, 1
        while waiting:
            batch = batch_of(waiting, most)
            try:
                answer = self._posted(batch, record, tick)
            except DestinationError as error:
                why = error.refusals[0].what
                for file in batch:
                    record(Answer(file.uid, State.UNKNOWN, f"no answer: {why}"))
                return
            if len(batch) > 1 and answer.status_code in _TOO_MUCH and not any(said(answer)):
                most = sum(file.size for file in batch) // 2
                continue
            if turns < _TURNS and (seconds := _retry_after(answer)) is not None:
                turns += 1
                _pause(seconds, tick)
                continue
            for one in answers(batch, answer):
                record(one)
            if answer.status_code in _TO_NOBODY:
                return
            turns = 1
            del waiting[: len(batch)]

    def _posted(
        self, batch: Sequence[StagedFile], record: Callable[[Answer], None], tick: Callable[[int], None]
    ) -> Any:
        """Send a batch in a thread of its own, for nobody who cancels is to wait for a server that falls silent."""
        boundary, stop = secrets.token_hex(16), threading.Event()
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        body = Body(batch, boundary, stop)
        call = partial(self._call, "POST", "studies", data=body, headers={"Accept": _JSON, "Content-Type": kind})
        answer = begun(call)
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
                # The first counts for what is sent, too; an echo has found out whether the server is there.
                timeout=(ANSWER_SECONDS if "data" in more else CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
                auth=credentials(self),
                # What stays on this machine takes no way by another.
                proxies=_NO_PROXIES if self.peer.is_this_machine else None,
                **more,
            )
        except requests.exceptions.SSLError as error:
            self.fail(
                f"has no certificate that is trusted: {_innermost(error)}", "Add its authority to REQUESTS_CA_BUNDLE"
            )
        except (requests.exceptions.RequestException, OSError) as error:
            self.fail(f"cannot be reached: {_innermost(error)}")


def _retry_after(answer: Any) -> int | None:
    """Return the seconds after which a server that has no time wants to be asked again, if it says so and is soon."""
    wanted = answer.headers.get("Retry-After", "").strip()
    if answer.status_code not in (429, 503) or not wanted.isdecimal() or int(wanted) > _LONGEST:
        return None
    return int(wanted)


def _pause(seconds: float, tick: Callable[[int], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        tick(0)
        time.sleep(min(left, _HEARTBEAT))


def _value(item: dict[str, Any], tag: str) -> str:
    return str(next(iter(values_of(item, tag)), ""))


def _name(item: dict[str, Any]) -> str:
    name = next(iter(values_of(item, "00100010")), "")
    return str(name.get("Alphabetic", "") if isinstance(name, dict) else name)


def _innermost(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(getattr(error, "verify_message", None) or getattr(error, "strerror", None) or error)


class StowDestination(NetworkDestination):
    """A DICOMweb server; see `NetworkDestination`."""

    title = "DICOMweb server"
    words = "a DICOMweb server, https://host/path"
    language = "stow-rs"
    link = StowLink

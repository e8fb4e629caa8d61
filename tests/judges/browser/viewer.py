"""A headless browser with OHIF, whose pages and data come from one address, that of the archive."""

from __future__ import annotations

import mimetypes
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page, Route

HERE = Path(__file__).parent
SIZE = (1280, 860)
PATIENCE = 90_000  # milliseconds
_ARGUMENTS = (
    "--disable-background-networking --disable-component-update --disable-sync --disable-gpu --use-gl=angle "
    "--use-angle=swiftshader --enable-unsafe-swiftshader --no-proxy-server --no-first-run"
).split(" ")
_DATA = ("/dicom-web", "/wado")
_CONFIGURATION = """window.config = {
  routerBasename: '/', extensions: [], modes: [], customizationService: {}, showStudyList: true,
  maxNumberOfWebWorkers: 1, strictZSpacingForVolumeViewport: true, investigationalUseDialog: { option: 'never' },
  disableConfirmationPrompts: true, showCPUFallbackMessage: false, defaultDataSourceName: 'archive',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'archive',
    configuration: {
      friendlyName: 'archive', name: 'archive', wadoUriRoot: '%(base)s/wado', qidoRoot: '%(base)s/dicom-web',
      wadoRoot: '%(base)s/dicom-web', imageRendering: 'wadors', thumbnailRendering: 'wadors',
      enableStudyLazyLoad: true, supportsWildcard: true, omitQuotationForMultipartRequest: true,
      bulkDataURI: { enabled: true, relativeResolution: 'studies' },
    },
  }],
};"""
_NO_TOURS = "localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour', 'segmentationTour']))"


def chromium() -> str | None:
    """The browser on this machine, or the one that CHROMIUM names."""
    return shutil.which(os.environ.get("CHROMIUM", "chromium"))


@dataclass(frozen=True)
class Viewer:
    """OHIF in a browser.

    Attributes
    ----------
    base : str
        Where archive and viewer are.
    context : BrowserContext
        The browser.
    """

    base: str
    context: BrowserContext

    @property
    def browser(self) -> str:
        """Which version of the browser it is."""
        assert self.context.browser is not None
        return self.context.browser.version

    @contextmanager
    def study(self, uid: str, *, mpr: bool) -> Iterator[tuple[Page, list[str]]]:
        """Open a study as a stack of pictures, or as three cuts; yields its page, and a list that errors go to."""
        page, errors = self.context.new_page(), list[str]()
        page.on("console", lambda said: errors.append(said.text[:300]) if said.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)[:300]))
        try:
            protocol = "&hangingProtocolId=mpr" if mpr else ""
            page.goto(f"{self.base}/viewer?StudyInstanceUIDs={uid}{protocol}", wait_until="domcontentloaded")
            yield page, errors
        finally:
            page.close()


@contextmanager
def viewer(bundle: Path, base: str) -> Iterator[Viewer]:
    """Start the browser, and end it.

    Parameters
    ----------
    bundle
        The `dist` folder of OHIF.
    base
        Address of an Orthanc with DICOMweb. What is not its data is answered from the bundle; other addresses are
        not there.
    """

    from playwright.sync_api import sync_playwright  # where it is used: the suite is collected without it

    def answer(route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.scheme in ("data", "blob") or address.path.startswith(_DATA):
            route.continue_()
        elif not route.request.url.startswith(base):
            route.abort()
        elif address.path == "/app-config.js":
            route.fulfill(body=_CONFIGURATION % {"base": base}, content_type="text/javascript")
        else:
            _serve(route, bundle, address.path)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), headless=True, chromium_sandbox=False, args=list(_ARGUMENTS)
        )
        try:
            context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]})
            context.set_default_timeout(PATIENCE)
            context.add_init_script(f"try {{ {_NO_TOURS} }} catch {{ }}")
            context.add_init_script(path=HERE / "page.js")
            context.route("**/*", answer)
            yield Viewer(base, context)
            context.unroute_all(behavior="ignoreErrors")
        finally:
            browser.close()


def _serve(route: Route, bundle: Path, path: str) -> None:
    """Answer with a file of the bundle; what has no ending is a page of the viewer."""
    from playwright.sync_api import Error

    file = bundle / path.lstrip("/")
    if not file.is_file():
        if file.suffix:
            route.fulfill(status=404)
            return
        file = bundle / "index.html"
    headers: dict[str, Any] = {
        "Content-Type": "application/wasm" if file.suffix == ".wasm" else mimetypes.guess_type(file.name)[0],
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
    }
    try:
        route.fulfill(path=file, headers={key: value or "application/octet-stream" for key, value in headers.items()})
    except Error:  # the page is gone
        return

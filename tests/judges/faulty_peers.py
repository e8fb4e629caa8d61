"""A DICOM node and a DICOMweb server that answer whatever a test wants, and a certificate nobody has signed."""

from __future__ import annotations

import gc
import http.server
import json
import re
import socket
import ssl
import threading
import warnings
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pydicom
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    SecondaryCaptureImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

PLAIN = "1.2.840.10008.1.2.1"


@contextmanager
def node(
    store, syntaxes=(PLAIN,), classes=(SecondaryCaptureImageStorage,), context=None, handlers=(), listed=None, owners=()
):
    """A DICOM node that answers a C-STORE with what `store` returns for (its number, the request).

    It lists the instances that are `listed` of any series, and the `owners` of any study; None answers no queries.
    """
    entity = AE("NODE")
    entity.add_supported_context(Verification)
    for one in classes:
        entity.add_supported_context(one, list(syntaxes))
    if listed is not None:
        entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    count = iter(range(1, 10_000))
    lock = threading.Lock()
    sockets = []

    def opened(event):
        sockets.append(event.assoc.dul.socket.socket)

    def find(event):
        for owner in owners if event.identifier.QueryRetrieveLevel == "STUDY" else ():
            yield 0xFF00, owner
        for uid in list(listed) if event.identifier.QueryRetrieveLevel == "IMAGE" else ():
            found = pydicom.Dataset()
            found.SOPInstanceUID = uid
            yield 0xFF00, found

    def handle(event):
        with lock:
            number = next(count)
        return store(number, event)

    server = entity.start_server(
        ("127.0.0.1", 0),
        block=False,
        evt_handlers=[(evt.EVT_C_STORE, handle), (evt.EVT_C_FIND, find), (evt.EVT_CONN_OPEN, opened), *handlers],
        ssl_context=context,
    )
    try:
        yield f"dicom{'s' if context else ''}://NODE@localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        for one in sockets:  # of those that were cut off, pynetdicom closes some late, or never
            one.close()
        if context:  # nor does it those that it could not wrap
            with warnings.catch_warnings(action="ignore", category=ResourceWarning):
                gc.collect()


@contextmanager
def server(
    store,
    context=None,
    listed=None,
    *,
    whole=False,
    reading=lambda: None,
    asked=lambda headers: None,
    studies=lambda: (200, b"[]"),
    page=lambda query: slice(None),
):
    """A DICOMweb server that answers a POST with what `store` returns for (its number, UIDs): a status, a body and
    perhaps headers; where it wants the `whole`, for their bytes by UID.

    It calls `reading` when it has begun to read a body, and `asked` with the headers of each request. It answers who
    asks for studies with what `studies` returns. It says that it holds the instances that are `listed`, of them those
    of a `page`; None refuses to say.
    """
    count = iter(range(1, 10_000))

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, body=b"", headers=()):
            self.send_response(status)
            for name, value in ({"Content-Type": "application/dicom+json"} | dict(headers)).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            asked(self.headers)
            if "/instances" not in self.path:
                self.answer_or_hang_up(studies())
            elif listed is None:
                self.answer(400)
            else:
                shown = list(listed)[page(parse_qs(urlsplit(self.path).query))]
                self.answer(200, json.dumps([{"00080018": {"vr": "UI", "Value": [uid]}} for uid in shown]).encode())

        def do_POST(self):
            asked(self.headers)
            body = self.rfile.read(1)
            reading()
            body += self.rfile.read(int(self.headers["Content-Length"]) - 1)
            boundary = re.search("boundary=(.*)", self.headers["Content-Type"])[1].encode()
            parts = [part.split(b"\r\n\r\n", 1)[1][:-2] for part in body.split(b"--" + boundary)[1:-1]]
            uids = [pydicom.dcmread(pydicom.filebase.DicomBytesIO(part)).SOPInstanceUID for part in parts]
            found = store(next(count), dict(zip(map(str, uids), parts, strict=True)) if whole else uids)
            self.answer_or_hang_up(found)

        def answer_or_hang_up(self, found):
            if found is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self.answer(*found)

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{listening.server_address[1]}/dicom-web"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def response(stored=(), failed=(), warned=(), reason=0xA700):
    def items(uids, **more):
        return {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [uid]}} | more for uid in uids]}

    body = {"00081199": items(stored), "00081198": items(failed, **{"00081197": {"vr": "US", "Value": [reason]}})}
    body["00081199"]["Value"] += items(warned, **{"00081196": {"vr": "US", "Value": [0xB000]}})["Value"]
    return json.dumps(body).encode()


def certificate(folder, name="localhost", address="127.0.0.1", days=1):
    """One that nobody has signed but itself, for a machine of that name; it ends in so many days."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address(address))])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    plain = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, plain, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context

"""Permissions, owners and access lists: as the user's umask and folder say, and kept when an export is replaced."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer.destinations.folder import exchange

if not sys.platform.startswith("linux"):
    pytest.skip("permissions are tried on Linux", allow_module_level=True)

STACK = Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5), spacing=(1, 1, 1), name="stack")
PLANE = Volume(np.zeros((6, 5), np.uint8), spacing=(1, 1))
OVERWRITE = ExportOptions(overwrite=True)
ROOT = os.geteuid() == 0


@contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[True, False], ids=["exchanging", "replacing"])
def _ways(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(exchange, "_function", lambda: None)


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o664, 0o400])
@pytest.mark.parametrize("mask", [0o022, 0o077])
@pytest.mark.usefixtures("_ways")
def test_a_single_file_keeps_its_permissions(tmp_path, kept, mask):
    export(PLANE, tmp_path / "x.dcm")
    (tmp_path / "x.dcm").chmod(kept)
    with umask(mask):
        export(PLANE, tmp_path / "x.dcm", OVERWRITE)
    assert mode(tmp_path / "x.dcm") == kept


@pytest.mark.parametrize("series", [1, 2])
@pytest.mark.usefixtures("_ways")
def test_a_folder_and_what_is_in_it_keep_theirs(tmp_path, series):
    export([STACK] * series, tmp_path / "x")
    for path in (tmp_path / "x").rglob("*"):
        path.chmod(0o710 if path.is_dir() else 0o600)
    (tmp_path / "x").chmod(0o700)
    export([STACK] * series, tmp_path / "x", OVERWRITE)
    assert mode(tmp_path / "x") == 0o700
    found = {p: mode(p) for p in (tmp_path / "x").rglob("*")}
    assert len(found) == (3 if series == 1 else 8)
    assert {m for p, m in found.items() if p.is_file()} == {0o600}
    assert {m for p, m in found.items() if p.is_dir()} <= {0o710}


def test_new_files_are_as_open_as_the_most_closed_of_the_old(tmp_path):
    export(STACK, tmp_path / "x")
    for number, one in enumerate((0o644, 0o640, 0o604), 1):
        (tmp_path / "x" / f"0000{number}.dcm").chmod(one)
    export(Volume(np.zeros((9, 4, 5), np.uint8), spacing=(1, 1, 1)), tmp_path / "x", OVERWRITE)
    assert {mode(path) for path in (tmp_path / "x").iterdir()} == {0o600}


@pytest.mark.parametrize("target", [None, 0o700, 0o755])
@pytest.mark.parametrize("layers", [STACK, PLANE])
def test_nobody_else_sees_what_is_staged_from_its_first_moment(tmp_path, target, layers, monkeypatch):
    """Every folder that is made beside the target, at the very moment."""
    if target:
        path = export(layers, tmp_path / "x").path
        path.chmod(target)
    mkdir, seen = os.mkdir, {}

    def watched(path, *rest, **more):
        mkdir(path, *rest, **more)
        if Path(path).parent == tmp_path:
            seen[str(path)] = mode(Path(path))

    monkeypatch.setattr(os, "mkdir", watched)
    with umask(0):
        export(layers, tmp_path / "x", OVERWRITE)
    assert set(seen.values()) == {0o700}


def test_a_new_export_gets_what_the_umask_says(tmp_path):
    with umask(0o027):
        export([STACK, STACK], tmp_path / "new" / "x")
        export(PLANE, tmp_path / "plane.dcm")
    assert {mode(p) for p in (tmp_path / "new").rglob("*") if p.is_dir()} | {mode(tmp_path / "new")} == {0o750}
    assert {mode(p) for p in tmp_path.rglob("*.dcm")} == {0o640}


@pytest.mark.skipif(not ROOT, reason="needs several groups")
def test_a_folder_that_passes_on_its_group_does(tmp_path):
    os.chown(tmp_path, -1, 12345)
    tmp_path.chmod(0o2770)
    export([STACK, STACK], tmp_path / "x")
    found = [tmp_path / "x", *(tmp_path / "x").rglob("*")]
    assert {path.stat().st_gid for path in found} == {12345}
    assert all(mode(path) & stat.S_ISGID for path in found if path.is_dir())


@pytest.mark.skipif(not ROOT, reason="needs several users")
@pytest.mark.parametrize("layers", [STACK, PLANE])
def test_owner_and_group_are_kept_where_the_system_lets(tmp_path, layers):
    path = export(layers, tmp_path / "x").path
    for one in (path, *path.rglob("*")):
        os.chown(one, 4321, 1234)
    export(layers, path, OVERWRITE)
    assert {(p.stat().st_uid, p.stat().st_gid) for p in (path, *path.rglob("*"))} == {(4321, 1234)}


@pytest.mark.skipif(not ROOT, reason="needs to become another user")
@pytest.mark.parametrize(
    "layers", ["np.zeros((2, 3, 4), np.uint8), spacing=(1, 1, 1)", "np.zeros((3, 4)), spacing=(1, 1)"]
)
def test_what_was_one_groups_is_not_opened_to_another(layers):
    """A user who is not in the group of the old files cannot give the new ones to it."""
    code = (
        "import os, sys; import numpy as np; from napari_dicom_writer import *; os.setgid(65534); os.setuid(65534)\n"
        f"export(Volume({layers}), sys.argv[1], ExportOptions(overwrite=True))"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        for _ in range(2):
            run = subprocess.run(
                [sys.executable, "-c", code, f"{folder}/x"], capture_output=True, encoding="utf-8", check=False
            )
            assert run.returncode == 0, run.stderr
            target = next(Path(folder).iterdir())
            found = [target, *target.rglob("*")]
            if found[0].stat().st_gid == 65534 and mode(target) & 0o070:
                for one in found:
                    os.chown(one, 65534, 4242)
        assert {one.stat().st_gid for one in found} == {65534}
        assert not any(mode(one) & 0o070 for one in found)


def acl(*entries):
    """An access list as the system keeps it: version 2, then tag, permissions and id of each."""
    return struct.pack("<L", 2) + b"".join(struct.pack("<HHL", *entry) for entry in entries)


ANY = 0xFFFFFFFF
# Owner rw, user 4321 r, group nothing, mask r, others nothing.
LIST = acl((1, 6, ANY), (2, 4, 4321), (4, 0, ANY), (0x10, 4, ANY), (0x20, 0, ANY))
DEFAULT = acl((1, 7, ANY), (2, 5, 4321), (4, 0, ANY), (0x10, 5, ANY), (0x20, 0, ANY))


@pytest.fixture
def with_acls(tmp_path):
    try:
        os.setxattr(tmp_path, "system.posix_acl_default", DEFAULT)
    except OSError:
        pytest.skip("the file system has no access lists")
    return tmp_path


def test_access_lists_of_the_folder_around_apply(with_acls):
    export([STACK, STACK], with_acls / "x")
    (with_acls / "plain").mkdir()
    (with_acls / "plain" / "file").touch()
    for path in (with_acls / "x").rglob("*"):
        like = with_acls / "plain" if path.is_dir() else with_acls / "plain" / "file"
        assert os.getxattr(path, "system.posix_acl_access") == os.getxattr(like, "system.posix_acl_access")


@pytest.mark.parametrize("layers", [STACK, PLANE])
def test_access_lists_are_kept(with_acls, layers):
    os.removexattr(with_acls, "system.posix_acl_default")
    path = export(layers, with_acls / "x").path
    files = [p for p in (path, *path.rglob("*")) if p.is_file()]
    for one in files:
        os.setxattr(one, "system.posix_acl_access", LIST)
    export(layers, path, OVERWRITE)
    assert {os.getxattr(one, "system.posix_acl_access") for one in files} == {LIST}
    assert {mode(one) for one in files} == {0o640}

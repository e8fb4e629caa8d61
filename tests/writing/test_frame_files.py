"""Files of frames let go of all they have opened, whatever the system refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_dicom_writer.writing.frame_files import FragmentFile, NativeFile

OPEN = Path("/proc/self/fd")
pytestmark = pytest.mark.skipif(not OPEN.exists(), reason="only Linux lists what is open")


def open_files():
    return {path.name for path in OPEN.iterdir()}


def test_a_file_that_cannot_begin_leaves_nothing_open(tmp_path):
    (tmp_path / "x.dcm.waiting").touch()  # in the way of the second file
    file = FragmentFile(str(tmp_path / "x.dcm"), b"head", 3, extended=False)
    before = open_files()
    with pytest.raises(FileExistsError):
        file.begin()
    file.close()
    assert open_files() == before


def test_what_cannot_be_closed_keeps_nothing_else_open(tmp_path):
    file = FragmentFile(str(tmp_path / "x.dcm"), b"head", 3, extended=False)
    before = open_files()
    file.begin()
    os.close(file._spool)  # so that closing it again is refused
    with pytest.raises(OSError, match="Bad file descriptor"):
        file.close()
    file.close()
    assert open_files() == before


def test_a_native_file_is_as_long_as_it_will_be(tmp_path):
    file = NativeFile(str(tmp_path / "x.dcm"), b"head", 10, 8)
    file.begin()
    file.close()
    assert (tmp_path / "x.dcm").read_bytes() == b"head" + bytes(10)


def test_a_frame_that_waits_is_read_back_as_it_is_later(tmp_path):
    """Of an odd length, too: from the medium it comes with its padding."""
    file = FragmentFile(str(tmp_path / "x.dcm"), b"head", 2, extended=False)
    file.begin()
    file.write_frame(1, b"odd")
    waiting = file.read_frame(1)
    file.write_frame(0, b"first")
    assert (file.read_frame(0), file.read_frame(1)) == (b"first\0", waiting)
    file.close()

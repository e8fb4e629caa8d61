"""Headers of any kind of file: read right, or refused in bounded time and memory."""

from __future__ import annotations

import os
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from judges.raw_dicom import ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, dataset, element, item, part10
from napari_dicom_writer import ReadError
from napari_dicom_writer.identity import bounded_reader as module
from napari_dicom_writer.identity.bounded_reader import MAX_VALUE, read_attributes

NAME, ID, UID, STATE = 0x00100010, 0x00100020, 0x0020000D, 0x00380500
WANTED = (NAME, ID, UID, STATE)
PLAIN = {"PatientName": b"Doe^Jane", "PatientID": b"0815", "StudyInstanceUID": b"1.2.345", "PatientState": b"well"}
PIXELS = element(0x7FE00010, bytes(100), "OW")
FOUND = {NAME: b"Doe^Jane", ID: b"0815", UID: b"1.2.345\0", STATE: b"well"}
MEMORY = 30 * 2**20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("part10")


def read(folder: Path, content: bytes) -> dict[int, bytes | None]:
    """Read it in little memory, whatever it is."""
    path = folder / "x.dcm"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        return read_attributes(path, WANTED)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MEMORY


def refused(folder: Path, content: bytes) -> str:
    with pytest.raises(ReadError) as error:
        read(folder, content)
    (refusal,) = error.value.refusals
    assert refusal.where == "reference"
    assert refusal.remedy
    assert str(folder) not in str(error.value)
    return refusal.what


def deflated(content: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return part10(squeeze.compress(content) + squeeze.flush(), DeflatedExplicitVRLittleEndian)


# ------------------------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    "syntax",
    [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, JPEG2000Lossless, "1.2.3"],
)
def test_transfer_syntaxes(folder, syntax):
    assert read(folder, part10(dataset(PLAIN, syntax) + element(0x7FE00010, b"", "OW", syntax=syntax), syntax)) == FOUND


def test_deflated(folder):
    assert read(folder, deflated(dataset(PLAIN) + PIXELS)) == FOUND


def test_noise_that_deflating_makes_longer(folder, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 2**18)
    monkeypatch.setattr(module, "MAX_INFLATED", 2**17)
    noise = element(0x7FE00010, os.urandom(2**19), "OW")
    assert read(folder, deflated(dataset(PLAIN) + noise)) == FOUND


def test_a_data_set_may_end_anywhere(folder):
    assert read(folder, part10(dataset({"PatientName": b"Doe"}))) == {NAME: b"Doe "}


def test_sequences_are_passed_over(folder):
    inner = element(0x00100010, b"Other^Patient")
    undefined = item(ITEM, inner + item(ITEM_END), UNDEFINED) + item(ITEM, inner) + item(SEQUENCE_END)
    nested = item(ITEM, element(0x00081140, undefined, "SQ", UNDEFINED) + item(ITEM_END), UNDEFINED)
    unknown = item(ITEM, element(0x00100010, b"Other", syntax=ImplicitVRLittleEndian)) + item(SEQUENCE_END)
    fragments = item(ITEM) + item(ITEM, b"\xff" * 8) + item(SEQUENCE_END)
    before = (
        element(0x00081110, item(ITEM, inner), "SQ")
        + element(0x00081140, undefined, "SQ", UNDEFINED)
        + element(0x00081199, nested + item(SEQUENCE_END), "SQ", UNDEFINED)
        + element(0x00091001, unknown, "UN", UNDEFINED)
        + element(0x00091002, fragments, "OB", UNDEFINED)
    )
    assert read(folder, part10(before + dataset(PLAIN) + PIXELS)) == FOUND


def test_values_that_are_none(folder):
    long = {"PatientName": b"x" * (MAX_VALUE + 2), "PatientID": b"x" * MAX_VALUE}
    sequence = element(STATE, item(SEQUENCE_END), "SQ", UNDEFINED)
    assert read(folder, part10(dataset(long) + sequence)) == {NAME: None, ID: b"x" * MAX_VALUE, STATE: None}


# -------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("content", [b"", b"DICM", bytes(200), b"II*\0" * 100, bytes(128) + b"DICM"[:3]])
def test_what_is_not_dicom(folder, content):
    assert refused(folder, content) == "It is not a DICOM file"


def test_no_header_at_all(folder):
    assert refused(folder, dataset(PLAIN) + bytes(200)) == "It is not a DICOM file"


def test_an_encoding_that_is_another(folder):
    implicit = part10(dataset(PLAIN, ImplicitVRLittleEndian), ExplicitVRLittleEndian)
    assert refused(folder, implicit) == "It is not encoded as it says it is"
    # Groups of the other byte order are too high.
    assert read(folder, part10(dataset(PLAIN, ExplicitVRBigEndian), ExplicitVRLittleEndian)) == {}


def test_no_transfer_syntax(folder):
    assert "Transfer Syntax" in refused(folder, bytes(128) + b"DICM" + dataset(PLAIN))


def test_attributes_that_are_there_twice_or_out_of_order(folder):
    twice = dataset({"PatientName": b"Doe"}) + dataset(PLAIN)
    backwards = dataset({"PatientID": b"1"}) + dataset({"PatientName": b"Doe"})
    assert "twice" in refused(folder, part10(twice))
    assert "order" in refused(folder, part10(backwards))


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_cut_anywhere_nothing_is_half_read(folder, syntax):
    """A cut between two elements cannot be seen; whatever was read is right then."""
    plain = dataset(PLAIN, ImplicitVRLittleEndian if syntax == ImplicitVRLittleEndian else ExplicitVRLittleEndian)
    whole = deflated(plain) if syntax == DeflatedExplicitVRLittleEndian else part10(plain, syntax)
    read_in_part = 0
    for cut in range(len(whole)):
        try:
            found = read(folder, whole[:cut])
        except ReadError:
            continue
        assert found.items() <= FOUND.items()
        read_in_part += len(found) < len(FOUND)
    assert read_in_part <= len(PLAIN)


@pytest.mark.parametrize(
    "sequence",
    [
        element(0x00081140, b"", "SQ", UNDEFINED),
        element(0x00081140, element(NAME, b"Doe"), "SQ", UNDEFINED),
        element(0x00081140, item(ITEM, b"", UNDEFINED) + item(SEQUENCE_END), "SQ", UNDEFINED),
        element(0x00081140, item(ITEM, b"", 1000), "SQ", UNDEFINED),
        element(0x00081140, b"", "SQ", 2**31),
        element(0x00081140, b"\xfe\xff", "SQ", UNDEFINED),
    ],
)
def test_broken_sequences(folder, sequence):
    assert refused(folder, part10(sequence + dataset(PLAIN)))


# --------------------------------------------------------------------------------------------------- what is not a file


def test_no_file(tmp_path):
    for path in (tmp_path, tmp_path / "missing", tmp_path / "a\0b", tmp_path / ("x" * 300)):
        with pytest.raises(ReadError) as error:
            read_attributes(path, WANTED)
        assert tmp_path.name not in str(error.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows has none of these")
def test_pipes_and_devices(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", tmp_path / "link", Path("/dev/null")):
        with pytest.raises(ReadError, match="It is not a file"):
            read_attributes(path, WANTED)
    if (endless := Path("/proc/self/status")).exists():  # a file whose size is not known
        with pytest.raises(ReadError, match="not a DICOM file"):
            read_attributes(endless, WANTED)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    (tmp_path / "x").write_bytes(part10(dataset(PLAIN)))
    (tmp_path / "x").chmod(0)
    with pytest.raises(ReadError, match="Permission denied"):
        read_attributes(tmp_path / "x", WANTED)


# ---------------------------------------------------------------------------------------------------------- bounds


def bomb(head: bytes) -> bytes:
    """`head` and 10 GiB of zeros, deflated: a block that was flushed wholly may be repeated."""
    squeeze = zlib.compressobj(9, wbits=-15)
    start = squeeze.compress(head) + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress(bytes(2**20)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return part10(start + block * 10 * 2**10 + squeeze.flush(), DeflatedExplicitVRLittleEndian)


def test_a_deflate_bomb(folder):
    private = element(0x00091001, b"", "OB", 2**32 - 4)
    assert refused(folder, bomb(private)) == "Its header is too large"
    assert refused(folder, bomb(b"")) == "It is not encoded as it says it is"
    # Large pixels are no bomb: what comes before them is read.
    assert read(folder, bomb(dataset(PLAIN) + element(0x7FE00010, b"", "OW", 2**32 - 4))) == FOUND


def test_a_deflated_stream_that_holds_nothing(folder):
    empty_blocks = b"\0\0\0\xff\xff" * (module.MAX_BYTES // 5 + 1000)
    assert refused(folder, part10(empty_blocks, DeflatedExplicitVRLittleEndian)) == "Its header is too large"
    assert refused(folder, part10(b"\xff" * 100, DeflatedExplicitVRLittleEndian)) == "It cannot be inflated"


def test_millions_of_items_and_elements(folder, monkeypatch):
    monkeypatch.setattr(module, "MAX_SECONDS", 1e9)  # so that it is the bytes that stop it
    monkeypatch.setattr(module, "MAX_BYTES", 2**20)
    items = element(0x00081140, b"", "SQ", UNDEFINED) + item(ITEM) * 2**18
    assert refused(folder, part10(items)) == "Its header is too large"
    small = b"".join(element(0x00090000 + n, b"", "LO") for n in range(2**15))
    assert read(folder, part10(small + dataset(PLAIN))) == FOUND


def test_deep_nesting(folder):
    deeper = element(0x00081140, b"", "SQ", UNDEFINED) + item(ITEM, b"", UNDEFINED)
    assert refused(folder, part10(deeper * 100_000)) == "Its sequences are nested too deeply"


@pytest.mark.skipif(os.name == "nt", reason="files with holes are slow to make there")
def test_a_value_of_gigabytes_is_passed_over(tmp_path):
    path, length = tmp_path / "x", 2**32 - 4
    with path.open("wb") as file:
        file.write(part10(element(0x00091001, b"", "OB", length)))
        file.seek(length, os.SEEK_CUR)
        file.write(dataset(PLAIN))
    assert read_attributes(path, WANTED) == FOUND


def test_a_file_that_is_slow(folder, monkeypatch):
    monkeypatch.setattr(module, "MAX_SECONDS", -1.0)
    assert refused(folder, part10(dataset(PLAIN))) == "Reading its header takes too long"


# ------------------------------------------------------------------------------------------------------------ fuzz

SEQUENCE = element(0x00081140, item(ITEM, element(NAME, b"x") + item(ITEM_END), UNDEFINED), "SQ", UNDEFINED)
VALID = part10(SEQUENCE + item(SEQUENCE_END) + dataset(PLAIN) + PIXELS)
FUZZ = settings(max_examples=300, deadline=None, derandomize=True)
TAGS = st.sampled_from([*WANTED, 0x00080005, 0x00081140, 0x00091001, ITEM, ITEM_END, SEQUENCE_END, 0x7FE00010])
STREAMS = st.lists(
    st.builds(
        element,
        TAGS,
        st.binary(max_size=10),
        st.sampled_from(["SQ", "UN", "OB", "PN", "LO", "??"]),
        st.none() | st.sampled_from([0, 1, 8, 1000, 65535]),
    )
    | st.builds(item, st.sampled_from([ITEM, ITEM_END, SEQUENCE_END]), st.binary(max_size=4), st.none())
    | st.builds(element, TAGS, st.just(b""), st.sampled_from(["SQ", "UN", "OB"]), st.just(UNDEFINED)),
    max_size=12,
).map(b"".join)


def survives(folder: Path, content: bytes) -> None:
    try:
        found = read(folder, content)
    except ReadError:
        return
    assert all(value is None or len(value) <= MAX_VALUE for value in found.values())


@FUZZ
@given(st.dictionaries(st.integers(132, len(VALID) - 1), st.integers(0, 255), min_size=1, max_size=4))
def test_changed_bytes(folder, changes):
    content = bytearray(VALID)
    for place, byte in changes.items():
        content[place] = byte
    survives(folder, bytes(content))


SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]


@FUZZ
@given(STREAMS | st.binary(max_size=200), st.sampled_from(SYNTAXES))
def test_any_stream(folder, stream, syntax):
    survives(folder, part10(stream, syntax))
    survives(folder, deflated(stream))

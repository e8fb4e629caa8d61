"""Text of DICOM files: every character set read right, and nothing else read at all."""

from __future__ import annotations

import pydicom
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom.data import get_charset_files

from napari_dicom_writer.standard.charset import UndecodableError, decode

BUNDLED = [path for path in get_charset_files("*.dcm") if "SQEncoding" not in path]
SINGLE_BYTE = {
    "ISO_IR 100": ("iso8859_1", "Müller^Äß"),
    "ISO_IR 101": ("iso8859_2", "Wałęsa^Čž"),
    "ISO_IR 109": ("iso8859_3", "Ĉapelo^Ŭ"),
    "ISO_IR 110": ("iso8859_4", "Ķēniņš"),
    "ISO_IR 144": ("iso8859_5", "Люкceмбypг"),
    "ISO_IR 127": ("iso8859_6", "قباني^لنزار"),
    "ISO_IR 126": ("iso8859_7", "Διονυσιος"),
    "ISO_IR 138": ("iso8859_8", "שרון^דבורה"),
    "ISO_IR 148": ("iso8859_9", "Çağrı^İş"),
    "ISO_IR 203": ("iso8859_15", "Œuvre^€"),
    "ISO_IR 166": ("iso8859_11", "นามสกุล^ชื่อ"),
    "ISO_IR 13": ("shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    "ISO_IR 192": ("utf-8", "Müller^山田=やまだ"),
    "GB18030": ("gb18030", "Wang^XiaoDong=王^小东"),
    "GBK": ("gbk", "Wang^XiaoDong=王^小东"),
}


@pytest.mark.parametrize("path", BUNDLED, ids=lambda p: p.rpartition("/")[2])
def test_the_examples_of_the_standard(path):
    header = pydicom.dcmread(path)
    raw = pydicom.dcmread(path).get_item("PatientName").value
    terms = header.SpecificCharacterSet
    declared = terms if isinstance(terms, str) else "\\".join(terms)
    assert decode(raw, declared.encode(), name=True).rstrip("=") == str(header.PatientName)


@pytest.mark.parametrize("declared", SINGLE_BYTE)
def test_every_character_set(declared):
    codec, text = SINGLE_BYTE[declared]
    assert decode(text.encode(codec) + b" ", declared.encode() + b" ", name=True) == text


@pytest.mark.parametrize("declared", ["ISO 2022 IR 100", "ISO-IR 100", "ISO_IR_100", "ISO IR 100", " ISO_IR 100\0"])
def test_a_set_has_several_spellings(declared):
    assert decode(b"M\xfcller", declared.encode(), name=True) == "Müller"


def test_the_second_byte_of_a_character_is_no_delimiter():
    """In GB 18030 and JIS X 0208 it may be that of a backslash, a caret or an equals sign."""
    tricky = [c for c in map(chr, range(0x4E00, 0x9FA6)) if c.encode("gb18030")[1:] in (b"\\", b"^")]
    assert len(tricky) > 100
    assert decode("".join(tricky).encode("gb18030"), b"GB18030", name=True) == "".join(tricky)
    pairs = [bytes((first, second)) for first in range(0x30, 0x4F) for second in b"\\^="]
    raw = b"\x1b$B" + b"".join(pairs) + b"\x1b(B"
    text = decode(raw, b"\\ISO 2022 IR 87", name=True)
    assert len(text) == len(pairs)
    assert text.encode("iso2022_jp") == raw


def test_delimiters_bring_back_the_first_set():
    greek = b"\x1b-F" + "Δ".encode("iso8859_7")
    assert decode(greek + b"^\xe4", b"ISO_IR 100\\ISO 2022 IR 126", name=True) == "Δ^ä"
    with pytest.raises(UndecodableError):
        decode(greek + b"^\xc4", b"\\ISO 2022 IR 126", name=True)
    # A caret delimits names only.
    assert decode(greek + b"^\xc4", b"\\ISO 2022 IR 126", name=False) == "Δ^Δ"


def test_korean_is_designated_anew_in_every_component():
    raw = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"
    assert decode(raw, b"\\ISO 2022 IR 149", name=True) == "Hong^Gildong=洪^吉洞"
    assert decode("홍길동".encode("euc_kr"), b"ISO 2022 IR 149", name=True) == "홍길동"


@pytest.mark.parametrize(
    ("raw", "declared"),
    [
        (b"M\xfcller", b""),
        (b"M\xfcller", b"ISO_IR 6"),
        (b"M\xfcller", b"\\ISO 2022 IR 87"),
        (b"M\xfcller", b"ISO_IR 192"),
        (b"Miller", b"ISO_IR 1000"),
        (b"~{VPND~}", b"HZ-GB-2312"),
        (b"Miller", b"latin-1"),
        (b"M\xc3\xbcller", b"ISO_IR 192\\ISO 2022 IR 87"),
        (b"M\xfcller", b"ISO_IR 100\\unknown"),
        ("\ufffdller".encode(), b"ISO_IR 192"),
        (b"\xed\xa0\x80", b"ISO_IR 192"),
        (b"\xc0\x80", b"ISO_IR 192"),
        (b"\xdb", b"ISO_IR 127"),
        (b"\x1b$B;3ED\x1b(B", b"ISO_IR 100"),
        (b"\x1b$B;3E", b"\\ISO 2022 IR 87"),
        (b"\x1b$B;3 ED", b"\\ISO 2022 IR 87"),
        (b"\x1b$@;3ED", b"\\ISO 2022 IR 87"),
        (b"\x1b", b"\\ISO 2022 IR 87"),
        (b"Doe\x1b$", b"\\ISO 2022 IR 87"),
        (b"\x1b$)C\xfb", b"\\ISO 2022 IR 149"),
        (b"\x81", b"GB18030"),
        (b"a~b", b"ISO_IR 13"),
        (b"\x8e\x52\x93\x63", b"ISO_IR 13"),  # Shift JIS, which is not JIS X 0201
        (b"\x1b)I\x8e\xb1", b"\\ISO 2022 IR 13"),
    ],
    ids=str,
)
def test_what_is_not_certain_is_not_read(raw, declared):
    with pytest.raises(UndecodableError) as error:
        decode(raw, declared, name=True)
    assert str(error.value).startswith(("is ", "holds ", "has ", "uses "))


TERMS = st.sampled_from([b"", b"ISO_IR 100", b"ISO_IR 13", b"ISO_IR 166", b"ISO_IR 192", b"GB18030", b"GBK"])
EXTENSIONS = st.lists(st.sampled_from([b"100", b"126", b"13", b"87", b"159", b"149", b"58"]), max_size=4)
PIECES = st.sampled_from([b"\x1b(B", b"\x1b(J", b"\x1b$B", b"\x1b$(D", b"\x1b$)C", b"\x1b$)A", b"\x1b-A", b"\x1b-F"])
BYTES = st.lists(PIECES | st.binary(max_size=6) | st.sampled_from([b"^", b"=", b"\\"])).map(b"".join)


@given(BYTES, TERMS | st.binary(max_size=12), EXTENSIONS, st.booleans())
@example(b"", b"", [], True)
def test_anything_is_text_or_refused(raw, first, more, name):
    declared = b"\\".join([first, *(b"ISO 2022 IR " + number for number in more)])
    try:
        text = decode(raw, declared, name=name)
    except UndecodableError:
        return
    assert "\ufffd" not in text
    if codec := {b"ISO_IR 192": "utf-8", b"GB18030": "gb18030", b"GBK": "gbk"}.get(declared):
        assert text.encode(codec) == raw.rstrip(b" \0")
    elif declared == b"":
        assert text.encode("ascii") == raw.rstrip(b" \0").replace(b"\x1b(B", b"").replace(b"\x1b(J", b"")


@given(st.text(st.characters(codec="latin_1", exclude_characters="\x1b", exclude_categories=["Cc"])))
def test_nothing_is_lost(text):
    assert decode(text.encode("latin_1"), b"ISO_IR 100", name=False) == text.rstrip(" ")
    assert decode(text.encode(), b"ISO_IR 192", name=False) == text.rstrip(" ")

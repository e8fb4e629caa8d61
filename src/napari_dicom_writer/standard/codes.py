"""Coded terms (PS3.3 8.8) of what a segment can show, from the context groups of PS3.16 that pydicom ships.

A name such as ``kidney_left`` is recognized where its words are those of one term, and of no other: nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Code:
    """One coded term.

    Attributes
    ----------
    value, scheme, meaning : str
        Such as ``10200004``, ``SCT``, ``Liver``.
    """

    value: str
    scheme: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.meaning} ({self.value}, {self.scheme})"


@dataclass(frozen=True, slots=True)
class Structure:
    """What a segment shows.

    Attributes
    ----------
    category, type : Code
        Segmented Property Category (CID 7150) and Type (CID 7151).
    laterality : Code or None
        Left or right (CID 244), which belongs into a modifier and not into the type.
    region, region_laterality : Code or None
        Anatomic Region of what is no organ itself, such as the kidney of a cyst, and its side.
    """

    category: Code
    type: Code
    laterality: Code | None = None
    region: Code | None = None
    region_laterality: Code | None = None

    def codes(self) -> list[Code]:
        """All that are known."""
        return [code for code in self._every() if code]

    def _every(self) -> tuple[Any, ...]:
        return self.category, self.type, self.laterality, self.region, self.region_laterality

    def with_codes(self, others: Mapping[Code, Code]) -> Structure:
        """Return the same with other codes in their places."""
        return Structure(*(code and others[code] for code in self._every()))


ANATOMY = Code("91723000", "SCT", "Anatomical Structure")
ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
TISSUE = Code("85756007", "SCT", "Tissue")
OBJECT = Code("260787004", "SCT", "Physical object")
LEFT = Code("7771000", "SCT", "Left")
RIGHT = Code("24028007", "SCT", "Right")
BACKGROUND = Code("125040", "DCM", "Background")
UNKNOWN = Structure(TISSUE, TISSUE)
"""What a segment of an unknown structure is said to show."""

# Context groups of PS3.16, the ones whose category is surest first: a lymph node is an anatomical structure, too.
_GROUPS = {7192: ANATOMY, 7159: ABNORMAL, 7157: OBJECT, 7158: OBJECT, 7166: TISSUE, 7151: ANATOMY, 4: ANATOMY}
_SIDES = {"left": LEFT, "lt": LEFT, "l": LEFT, "lh": LEFT, "right": RIGHT, "rt": RIGHT, "r": RIGHT, "rh": RIGHT}
# What tells nothing, in a term and in a name; and what of a name may be missing in the term.
_EMPTY = {"of", "the", "structure", "and"}
_OPTIONAL = {"heart", "bone", "gland", "muscle", "segment", "label", "mask"}
# Rib by rib; the context groups know ribs in general only.
_RIBS = (
    "48535007 78247007 25888004 25523003 15339008 59558009 24915002 5953002 22565002 77644006 58830002 43993008"
).split()
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
_WORDS = {
    "vertebrae": "vertebra",
    "vertebral": "vertebra",
    "clavicula": "clavicle",
    "vena": "vein",
    "veins": "vein",
    "bowel": "intestine",
    "tumor": "neoplasm",
    "tumour": "neoplasm",
    "oesophagus": "esophagus",
    "haemorrhage": "hemorrhage",
    "oedema": "edema",
    "trunc": "trunk",
    "lungs": "lung",
    "kidneys": "kidney",
    "ribs": "rib",
    "bones": "bone",
    "arteries": "artery",
    "vessels": "vessel",
    "muscles": "muscle",
    "eyes": "eye",
}
# Names that segmentation software uses (those of TotalSegmentator), whose words are not those of the term.
_NAMES = {
    "autochthon": Code("244849004", "SCT", "Deep muscle of back"),
    "gluteus maximus": Code("181674001", "SCT", "Gluteus maximus muscle"),
    "gluteus medius": Code("78333006", "SCT", "Gluteus medius muscle"),
    "gluteus minimus": Code("75297007", "SCT", "Gluteus minimus muscle"),
    "heart myocardium": Code("74281007", "SCT", "Myocardium"),
    "iliopsoas": Code("68455001", "SCT", "Iliopsoas muscle"),
    "portal vein and splenic vein": Code("110765007", "SCT", "Portal vein and splenic vein"),
    "vertebrae S1": Code("65985001", "SCT", "S1 vertebra"),
    "atrial appendage": Code("68786006", "SCT", "Auricular appendage"),
    "subcutaneous fat": Code("67769002", "SCT", "Subcutaneous fatty tissue"),
    "torso fat": Code("55603005", "SCT", "Fat"),
    "iliac artery": Code("73634005", "SCT", "Common iliac artery"),
    "iliac vena": Code("46027005", "SCT", "Common iliac vein"),
    "brachiocephalic trunk": Code("12691009", "SCT", "Brachiocephalic artery"),
    "urinary bladder": Code("89837001", "SCT", "Bladder"),
    "small bowel": Code("30315005", "SCT", "Small Intestine"),
    "lung upper lobe": Code("45653009", "SCT", "Upper lobe of lung"),
    "lung lower lobe": Code("90572001", "SCT", "Lower lobe of lung"),
    "spinal cord": Code("2748008", "SCT", "Spinal cord"),
    "pulmonary vein": Code("122972007", "SCT", "Pulmonary vein"),
    "skeletal muscle": Code("127954009", "SCT", "Skeletal muscle"),
    "tarsal": Code("108371006", "SCT", "Tarsal bones"),
    "metatarsal": Code("53884002", "SCT", "Metatarsal"),
    "metacarpal": Code("36455000", "SCT", "Metacarpal bones"),
    "carpal": Code("83936004", "SCT", "Carpus"),
    "costal cartilages": Code("50016007", "SCT", "Costal cartilage"),
    "vertebrae body": Code("3572006", "SCT", "Vertebral body"),
    "tibia": Code("12611008", "SCT", "Tibia"),
    "ulna": Code("23416004", "SCT", "Ulna"),
    "radius": Code("62413002", "SCT", "Radius"),
    "brachiocephalic vein": Code("8887007", "SCT", "Brachiocephalic vein"),
    "body trunc": Code("22943007", "SCT", "Trunk"),
}


@cache
def terms() -> dict[Code, Code]:
    """Every term a segment can have, with its category: one code, one meaning, that of the group it is surest in.

    pydicom's tables are imported here: they take 50 ms.
    """
    from pydicom.sr.codedict import codes

    found: dict[tuple[str, str], tuple[Code, Code]] = {}
    for number, category in _GROUPS.items():
        group = getattr(codes, f"cid{number}")
        for term in (getattr(group, keyword) for keyword in group.dir()):
            key = (term.value, term.scheme_designator)
            found.setdefault(key, (Code(*key, term.meaning), category))
    return dict(found.values())


@cache
def categories() -> dict[str, Code]:
    """Segmented Property Categories (CID 7150) by their meaning, in lower case."""
    from pydicom.sr.codedict import codes

    group = codes.cid7150
    found = (getattr(group, keyword) for keyword in group.dir())
    return {term.meaning.lower(): Code(term.value, term.scheme_designator, term.meaning) for term in found}


def search(text: str, most: int = 20) -> list[Code]:
    """Find terms whose meaning holds all words of a text, or their beginnings; the shortest meaning first.

    Examples
    --------
    >>> [str(code) for code in search("lobe lung low", 1)]
    ['Lower lobe of lung (90572001, SCT)']
    """
    wanted = [_spellings(part) for part in re.findall(r"\w+", text.lower())]
    matching = [code for code, words in _words() if all(any(w.startswith(part) for w in words) for part in wanted)]
    return sorted(matching, key=lambda code: (len(code.meaning), code.meaning))[:most]


def shown_by(text: str, most: int = 20) -> list[Structure]:
    """Find what a segment may show by a text as it is typed: what `recognize` makes of it, and terms as by `search`.

    A side that the text names is that of the terms.

    Examples
    --------
    >>> found = shown_by("left kidn", 1)[0]
    >>> found.category.meaning, found.type.meaning, found.laterality.meaning
    ('Anatomical Structure', 'Kidney', 'Left')
    """
    words = re.findall(r"\w+", text.lower())
    sides = [_SIDES[word] for word in words if word in _SIDES and len(word) > 1]
    rest = " ".join(word for word in words if word not in _SIDES or len(word) == 1)
    whole = search(text, most) if words else []
    sided = [structure_of(code, sides[0]) for code in search(rest, most)] if rest and len(set(sides)) == 1 else []
    exact = [recognize(text)] if words else []
    plain = [structure_of(code) for code in whole]
    found = [*exact, *plain, *(structure for structure in sided if structure.laterality)]
    return list(dict.fromkeys(filter(None, found)))[:most]


def structure_of(term: Code, side: Code | None = None) -> Structure:
    """Give a term its category, and a side where the term does not say one itself."""
    said = {"left", "right"} & set(_split(term.meaning))
    return Structure(terms().get(term, ANATOMY), term, None if said else side)


def _spellings(part: str) -> tuple[str, ...]:
    """Return a word, or its beginning, and what terms say for it."""
    return (part, *(word for other, word in _WORDS.items() if len(part) > 2 and other.startswith(part)))


@cache
def _words() -> list[tuple[Code, list[str]]]:
    """Return every code that is known, those of `_NAMES` and the ribs too, with its value and the words it means."""
    known = dict.fromkeys([*terms(), *_index().values()])
    return [(code, [*re.findall(r"\w+", code.meaning.lower()), code.value.lower()]) for code in known]


def recognize(name: str) -> Structure | None:
    """Find what a name means; None where no term, or more than one, has its words.

    Examples
    --------
    >>> found = recognize("kidney_left")
    >>> found.type.meaning, found.laterality.meaning
    ('Kidney', 'Left')
    >>> recognize("cell 7") is None
    True
    """
    words = _split(name)
    sides = [_SIDES[word] for word in words if word in _SIDES]
    rest = [word for word in words if word not in _SIDES]
    whole = _index().get(frozenset(words))
    if whole and sides:  # the term says the side itself, such as the right atrium
        return Structure(terms().get(whole, ANATOMY), whole)
    if len(set(sides)) > 1 or not rest:
        return None
    for kept in _shortened(rest):
        for candidate in ([*kept, *(word for word in words if word in ("left", "right"))], kept):
            if term := _index().get(frozenset(candidate)):
                said = len(candidate) > len(kept)
                return Structure(terms().get(term, ANATOMY), term, sides[0] if sides and not said else None)
    return _finding(words)


def _finding(words: list[str]) -> Structure | None:
    """Find what an abnormality in an organ means, such as a cyst of the left kidney: one word, and the organ's."""
    abnormal = [word for word in words if (term := _index().get(frozenset((word,)))) and terms().get(term) is ABNORMAL]
    if len(abnormal) != 1 or len(words) == 1:
        return None
    organ = recognize(" ".join(word for word in words if word != abnormal[0]))
    if organ is None or organ.category != ANATOMY:
        return None
    term = _index()[frozenset(abnormal)]
    return Structure(ABNORMAL, term, region=organ.type, region_laterality=organ.laterality)


def _shortened(words: list[str]) -> Iterator[list[str]]:
    """Return the words, then those without what a term may leave out."""
    yield words
    shorter = [word for word in words if word not in _OPTIONAL]
    if shorter and shorter != words:
        yield shorter


@cache
def _index() -> dict[frozenset[str], Code]:
    """Terms by the set of their words; a set that two terms share is none's."""
    found: dict[frozenset[str], Code | None] = {}
    for term, category in terms().items():
        key = frozenset(_split(term.meaning))
        if key in found and found[key] != term:
            other = found[key]
            # An anatomical structure goes before what only shares its words.
            both_same = other is None or (terms()[other] is ANATOMY) == (category is ANATOMY)
            found[key] = None if both_same else (term if category is ANATOMY else other)
        else:
            found[key] = term
    for name, term in _NAMES.items():
        found[frozenset(_split(name))] = term
    for ordinal, value in zip(_ORDINALS[1:], _RIBS, strict=True):
        found[frozenset((ordinal, "rib"))] = Code(value, "SCT", f"{ordinal.capitalize()} rib")
    return {key: term for key, term in found.items() if term is not None and key}


def _split(name: str) -> list[str]:
    """Words of a name, in lower case and singular, without those that tell nothing; ``rib 1`` is the first rib."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = [word for word in re.findall(r"[a-z]+\d*|\d+", spaced.lower()) if word not in _EMPTY]
    words = [_WORDS.get(word, word) for word in words]
    if "rib" in words:
        words = [_ORDINALS[int(w)] if w.isdigit() and 0 < int(w) < len(_ORDINALS) else w for w in words]
    return words

"""Tables of segments are understood however they are written, and refused where they say two things."""

from __future__ import annotations

import json

import pytest

from napari_dicom_writer import OptionsError
from napari_dicom_writer.model.segments import Segment
from napari_dicom_writer.options.segment_files import as_segments, read_segments

CODED = {
    "SegmentedPropertyCategoryCodeSequence": {
        "CodeValue": "49755003",
        "CodingSchemeDesignator": "SCT",
        "CodeMeaning": "Morphologically Abnormal Structure",
    },
    "SegmentedPropertyTypeCodeSequence": {
        "CodeValue": "4147007",
        "CodingSchemeDesignator": "SCT",
        "CodeMeaning": "Mass",
    },
}
FILES = {
    "a.csv": "label,name,r,g,b\n0,Clear,0,0,0\n1,liver,221,130,101\n3,lesion,255,0,0\n",
    "b.csv": "Index;Structure;Color\n1;liver;#dd8265\n3;lesion;#ff0000\n",
    "c.tsv": "value\tsegment_name\tcolor\n1\tliver\t0.8666 0.5098 0.396\n3\tlesion\t1.0 0.0 0.0\n",
    "d.ctbl": "# Color table file\n0 background 0 0 0 0\n1 liver 221 130 101 255\n3 lesion 255 0 0 255\n",
    "e.txt": '# ITK-SnAP\n 0 0 0 0 0 0 0 "Clear Label"\n 1 221 130 101 1 1 1 "liver"\n 3 255 0 0 1 1 1 "lesion"\n',
    "f.json": json.dumps([{"label": 1, "name": "liver", "color": [221, 130, 101]}, {"label": 3, "name": "lesion",
                         "color": [255, 0, 0]}]),
    "g.json": json.dumps({"labels": {"background": 0, "liver": 1, "lesion": 3}}),
    "h.json": json.dumps({"1": "liver", "3": "lesion"}),
    "i.json": json.dumps({"segmentAttributes": [[
        {"labelID": 1, "SegmentLabel": "liver", "recommendedDisplayRGBValue": [221, 130, 101]},
        {"labelID": 3, "SegmentLabel": "lesion", "recommendedDisplayRGBValue": [255, 0, 0], **CODED}]]}),
    "j.csv": "LabelValue,Name,Color_R,Color_G,Color_B,Color_A,Category_CodingScheme,Category_CodeValue,"
             "Category_CodeMeaning,Type_CodingScheme,Type_CodeValue,Type_CodeMeaning\n"
             "1,liver,221,130,101,255,,,,,,\n"
             "3,lesion,255,0,0,255,SCT,49755003,Morphologically Abnormal Structure,SCT,4147007,Mass\n",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_tables_of_every_kind(tmp_path, name):
    (tmp_path / name).write_text(FILES[name], encoding="utf-8-sig")
    one, three = read_segments(tmp_path / name)
    assert [(s.label, s.name) for s in (one, three)] == [(1, "liver"), (3, "lesion")]
    assert one.structure.type.meaning == "Liver"
    assert three.structure.type.meaning == ("Mass" if name in ("i.json", "j.csv") else "Lesion")
    if name not in ("g.json", "h.json"):
        assert (one.color, three.color) == ((221, 130, 101), (255, 0, 0))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("label,name\n1,a\n1,b\n", "twice"),
        ("label,name\n-1,a\n", "not a label"),
        ("label,name\n1.5,a\n", "not a label"),
        ("name\nliver\n", "not a label"),
        ("", "no segments"),
        ("label,name,algorithm type\n1,a,magic\n", "MAGIC"),
        ("label,name,tracking id\n1,a,x\n", "half a tracking"),
        ("label,type code value,type coding scheme,type code meaning\n1,7,99X,Thing\n", "has no category, in row 1"),
    ],
)
def test_tables_that_say_nothing_or_two_things_are_refused(tmp_path, content, match):
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(OptionsError, match=match):
        read_segments(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("row", "category", "kind"),
    [
        ({"name": "mass"}, "Morphologically Abnormal Structure", "Mass"),
        ({"name": "mass", "category": "anatomical structure"}, "Anatomical Structure", "Mass"),
        ({"name": "mass", "category": "B"}, "Morphologically Abnormal Structure", "Mass"),
        ({"name": "thing", "category": "Tissue"}, None, None),
        ({"name": "mass", **{k: v for k, v in CODED.items() if "Category" in k}}, CODED, "Mass"),
        (
            {"name": "x", **{k: v for k, v in CODED.items() if "Type" in k}},
            "Morphologically Abnormal Structure",
            "Mass",
        ),
        ({"name": "x", "category": "Spatial and Relational Concept", **CODED}, CODED, "Mass"),
    ],
)
def test_a_category_is_that_of_the_type_unless_it_is_given(row, category, kind):
    (segment,) = as_segments([{"label": 1, **row}])
    if category is CODED:
        category = CODED["SegmentedPropertyCategoryCodeSequence"]["CodeMeaning"]
    found = segment.structure
    assert (found and found.category.meaning, found and found.type.meaning) == (category, kind)


@pytest.mark.parametrize("color", ["#zzzzzz", "#12", "red", 5, None, [1, 2]])
def test_what_is_no_color_is_none(color):
    assert as_segments([{"label": 1, "name": "x", "color": color}])[0].color is None


@pytest.mark.parametrize(("name", "content"), [("x.json", b"{"), ("x.json", b"[1]"), ("x.csv", b"\xff\xfe\0")])
def test_files_that_are_no_table_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OptionsError):
        read_segments(tmp_path / name)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(OptionsError, match="cannot be read"):
        read_segments(tmp_path / "none.csv")


def test_segments_in_python():
    given = Segment(label=2, name="b"), Segment(label=1, name="a")
    assert [s.label for s in as_segments(given)] == [1, 2]
    assert as_segments({4: "spleen"})[0].structure.type.meaning == "Spleen"
    assert as_segments([{"index": 4.0, "structure": "spleen"}])[0].label == 4
    assert as_segments([Segment(label=4, name="spleen")]) == as_segments({4: "spleen"})
    assert as_segments(None) == ()
    with pytest.raises(OptionsError, match="cannot be a int"):
        as_segments([1])

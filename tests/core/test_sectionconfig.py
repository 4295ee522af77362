"""PVE's section files, with the habits of PVE's own reader and writer."""

import pytest

from pve_auth_tui.core.schema import Option, Property
from pve_auth_tui.core.sectionconfig import Plugins, Section, WriteRefused, parse, write

PLUGINS = Plugins(
    properties={
        "name": Property(),
        "flag": Property("boolean"),
        "size": Property("integer", minimum=1, maximum=10),
        "colour": Property(enum=("red", "blue")),
        "comment": Property(max_length=20),
        "type": Property(),
        "elsewhere": Property(),
    },
    options={
        "box": {
            "name": Option(optional=False),
            "flag": Option(),
            "size": Option(),
            "colour": Option(),
            "comment": Option(),
        },
        "bag": {"elsewhere": Option(optional=False), "name": Option(optional=False)},
    },
    unread=frozenset({"foreign"}),
)


def read(text):
    return parse(text.encode("latin-1"), "f.cfg", PLUGINS)


def only(text):
    (section,) = read(text).sections
    return section


def warnings(text):
    return list(read(text).warnings)


def test_a_section_has_a_type_an_id_and_values():
    section = only("box: one\n\tname x y\n\tflag 1\n\tsize 007\n")
    assert (section.type, section.id) == ("box", "one")
    assert section.options == {"name": "x y", "flag": "1", "size": "7"}


def test_an_empty_line_a_zero_and_the_end_finish_a_section():
    assert [
        s.id for s in read("box: a\n\tname x\n\nbox: b\n\tname x\n0\nbox: c\n\tname x").sections
    ] == [
        "a",
        "b",
        "c",
    ]


def test_a_header_without_an_empty_line_before_it_belongs_to_the_section_above():
    text = "box: a\n\tname x\nbox: b\n\tname y\n"
    assert [section.id for section in read(text).sections] == ["a"]
    assert warnings(text) == [
        "file f.cfg line 3 (section 'a') - ignore config line: box: b",
        "file f.cfg line 4 (section 'a') - unable to parse value of 'name': duplicate attribute",
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("box: a", "a"),
        ("box:a", "a"),
        ("box:   a  ", "a"),
        ("box: a:b", "a:b"),
        ("box:a:", "a:"),
        ("box:", None),
        (": a", None),
        ("box a", None),
        ("box: a b", None),
    ],
)
def test_headers_may_be_written_in_several_ways(line, found):
    sections = read(f"{line}\n\tname x\n").sections
    assert [section.id for section in sections] == ([found] if found else [])


def test_comments_are_skipped_everywhere_and_values_may_contain_a_hash():
    assert only("# top\nbox: a\n  # inside\n\tname x # y\n").options == {"name": "x # y"}


def test_the_last_of_two_sections_with_one_id_counts_and_takes_its_place():
    text = "box: a\n\tname x\n\nbox: b\n\tname y\n\nbox: a\n\tname z\n"
    assert [(s.id, s.options["name"]) for s in read(text).sections] == [("b", "y"), ("a", "z")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("bogus 1", "unknown property type"),
        ("elsewhere 1", "unexpected property 'elsewhere'"),
        ("type bag", "unexpected property 'type'"),
        ("colour", "got undefined value"),
        ("colour green", "value 'green' does not have a value in the enumeration 'red, blue'"),
        ("flag yes", "type check ('boolean') failed - got 'yes'"),
        ("size x", "type check ('integer') failed - got 'x'"),
        ("size 11", "value must have a maximum value of 10"),
        ("size 0", "value must have a minimum value of 1"),
        ("comment " + "c" * 21, "value may only be 20 characters long"),
        ("comment a\rb", "property contains a line feed"),
    ],
)
def test_a_bad_value_is_left_out_with_pves_words(line, problem):
    text = f"box: a\n\tname x\n\t{line}\n"
    key = line.split()[0]
    assert warnings(text) == [
        f"file f.cfg line 3 (section 'a') - unable to parse value of '{key}': {problem}"
    ]
    assert only(text).options == {"name": "x"}


def test_a_flag_without_a_value_is_set_and_the_own_type_may_be_repeated():
    assert only("box: a\n\tname x\n\tflag\n\ttype box\n").options["flag"] == "1"


def test_a_section_without_a_required_value_is_listed_without_type_and_cannot_be_written():
    found = read("box: a\n\tflag 1\n\n")
    assert found.warnings == (
        "file f.cfg line 2 (skip section 'a'): missing value for required option 'name'",
    )
    (section,) = found.sections
    assert (section.type, section.missing) == (None, ("name",))
    with pytest.raises(WriteRefused) as refused:
        write(found.sections, "f.cfg", PLUGINS)
    assert refused.value.original == "unknown section type ''\n"


def test_a_section_of_an_unknown_type_is_gone():
    found = read("barrel: a\n\tname x\n\nbox: b\n\tname x\n")
    assert found.warnings == ("file f.cfg line 1 (skip section 'a'): unsupported type 'barrel'",)
    assert [section.id for section in found.sections] == ["b"]


def test_sections_that_are_not_ours_to_read_stay_as_they_are():
    text = "foreign: a\n\tany thing\n\tx\n\nbox: b\n\tname x\n\n"
    assert write(read(text).sections, "f.cfg", PLUGINS) == text


def test_written_are_comment_then_required_then_the_rest_in_alphabetical_order():
    section = Section("a", "box", {"size": "3", "flag": "0", "name": "n", "comment": "ü: x"})
    assert write([section], "f.cfg", PLUGINS) == (
        "box: a\n\tcomment %C3%BC%3A x\n\tname n\n\tflag 0\n\tsize 3\n\n"
    )


def test_what_a_type_may_not_have_is_lost_on_writing():
    section = Section("a", "box", {"name": "n", "elsewhere": "1"})
    assert write([section], "f.cfg", PLUGINS) == "box: a\n\tname n\n\n"


@pytest.mark.parametrize(
    ("section", "text"),
    [
        (Section("a", "barrel"), "unknown section type 'barrel'\n"),
        (Section("a", "box"), "section 'a' - missing value for required option 'name'\n"),
        (Section("a", "box", {"name": "x\ny"}), "property 'name' contains a line feed\n"),
    ],
)
def test_writing_is_refused_with_pves_text_and_a_next_step(section, text):
    with pytest.raises(WriteRefused) as refused:
        write([section], "f.cfg", PLUGINS)
    assert refused.value.original == text
    assert text.strip() in str(refused.value)
    assert refused.value.hint


def test_the_digest_is_that_of_the_bytes():
    assert parse(b"", "f.cfg", PLUGINS).digest == "da39a3ee5e6b4b0d3255bfef95601890afd80709"

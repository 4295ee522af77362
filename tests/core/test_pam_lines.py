"""How a line of PAM's files is read; nothing that stands there can make it fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.pam.codes import ALL_BAD, BAD, DONE, IGNORE, OK, number_of
from pve_auth_tui.core.pam.dispatch import ways
from pve_auth_tui.core.pam.lines import Logical, control, logical_lines, tokens, too_long
from pve_auth_tui.core.pam.model import Phase, Place
from pve_auth_tui.core.pam.stacks import Kind, load
from tests.core.pamnode import FRESH, PamNode


def stack(**files: str):
    return load("svc", {f"/etc/pam.d/{name}": text for name, text in files.items()}.get)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("auth required pam_x.so", ["auth", "required", "pam_x.so"]),
        ("a [b  c=1 d] e", ["a", "b  c=1 d", "e"]),
        (r"a [x\]y] [..[z]", ["a", "x]y", "..[z"]),
        ("[a]b", ["a", "b"]),
        ("a [open to the end", ["a", "open to the end"]),
        (" \t\n", []),
    ],
)
def test_brackets_hold_blanks_together(text: str, found: list[str]) -> None:
    assert tokens(text) == found


def test_a_backslash_joins_lines_and_keeps_the_first_number() -> None:
    text = "# one\n\nauth \\\n required \\\n pam_x.so\nauth y\n"
    assert [(line.number, line.text.split()) for line in logical_lines(text)] == [
        (3, ["auth", "required", "pam_x.so"]),
        (6, ["auth", "y"]),
    ]


def test_a_comment_ends_a_line_even_where_it_would_go_on() -> None:
    assert list(logical_lines("auth x # more \\\nauth y")) == [
        Logical(1, "auth x "),
        Logical(2, "auth y"),
    ]


def test_a_line_that_should_go_on_at_the_end_is_told() -> None:
    (line,) = logical_lines("auth x \\\n")
    assert line.open


def test_what_debian_12_and_13_read_differently_is_told() -> None:
    found = stack(svc="auth \\\n# remark\n required pam_x.so\n", other="")
    assert "Debian 12 and 13 differ" in found.problems[0].text


def test_lines_that_debian_12_reads_in_pieces_are_counted_in_bytes() -> None:
    assert too_long(f"#{'x' * 1021}\n#{'x' * 1022}\n#{'é' * 511}") == (2, 3)


def test_the_words_of_a_control_and_what_they_stand_for() -> None:
    required, why = control("required")
    assert not why
    assert required[number_of("new_authtok_reqd")] == OK
    assert required[number_of("ignore")] == IGNORE
    sufficient, _ = control("SUFFICIENT")
    assert sufficient[number_of("success")] == DONE


def test_default_fills_what_is_not_named_and_the_rest_is_bad() -> None:
    actions, _ = control("success=2 default=ignore auth_err=bad")
    assert actions[number_of("success")] == 2
    assert actions[number_of("user_unknown")] == IGNORE
    assert actions[number_of("auth_err")] == BAD
    assert control("success=ok")[0][number_of("ignore")] == BAD


@pytest.mark.parametrize(
    "word", ["nonsense", "success", "success=", "success=0", "success=-1", "x=ok"]
)
def test_a_control_that_libpam_rejects_fails_whatever_happens(word: str) -> None:
    actions, why = control(word)
    assert actions == ALL_BAD
    assert why


def test_what_libpam_rejects_stays_in_the_stack_and_fails() -> None:
    found = stack(svc="auth\nauth required\naccount optional pam_x.so\n", other="")
    assert [one.kind for one in found.of(Phase.AUTH)] == [Kind.MUST_FAIL] * 2
    assert [one.place.line for one in found.problems] == [1, 2]
    assert not found.broken


def test_includes_that_go_in_circles_end() -> None:
    found = stack(svc="@include a\n", a="auth include b\n", b="@include a\n", other="")
    assert found.broken is not None
    assert found.broken.chance
    assert found.broken.text == "includes itself"
    assert found.broken.place == Place("/etc/pam.d/b", 1)


def test_substacks_that_go_too_deep_are_a_no() -> None:
    files = {f"f{at}": f"auth substack f{at + 1}\n" for at in range(30)}
    found = stack(svc="auth substack f0\n", other="", **files)
    assert found.of(Phase.AUTH)[-1].kind is Kind.MUST_FAIL


def test_etc_comes_before_usr_lib() -> None:
    files = {"/usr/lib/pam.d/svc": "auth required pam_a.so\n", "/etc/pam.d/other": ""}
    assert load("svc", files.get).own == "/usr/lib/pam.d/svc"
    files["/etc/pam.d/svc"] = "auth required pam_b.so\n"
    assert load("svc", files.get).of(Phase.AUTH)[0].name == "pam_b"


def test_what_is_included_is_not_looked_for_in_usr_lib() -> None:
    files = {"/usr/lib/pam.d/common": "auth required pam_a.so\n", "/etc/pam.d/other": ""}
    files["/etc/pam.d/svc"] = "@include common\n"
    assert load("svc", files.get).broken is not None


def test_an_include_that_is_not_read_to_its_end_is_a_no_behind_what_was_read() -> None:
    found = stack(svc="auth include a\n", a="auth optional pam_a.so\nauth x \\\n", other="")
    assert [one.kind for one in found.of(Phase.AUTH)] == [Kind.MODULE, Kind.MUST_FAIL]
    assert [one.place.path[-1] for one in found.problems] == ["a", "c"]
    assert not found.broken


_pieces = st.lists(
    st.sampled_from(
        (
            *("auth", "account", "@include", "include", "substack", "-", "[", "]", "\\", "\n"),
            *("required", "[success=2 default=ignore]", "sufficient", "pam_unix.so", "\\\n", "#"),
            *(" ", "\t", "\r", "\0", "svc", "other", "common-auth", "/", "..", "\udcff", "?"),
            "pam_permit.so",
        )
    ),
    max_size=40,
).map("".join)


@given(own=st.one_of(_pieces, st.text()), other=st.one_of(_pieces, st.text()))
def test_nothing_in_a_file_makes_the_parser_or_the_judge_fail(own: str, other: str) -> None:
    node = PamNode({**FRESH, "common-auth": own, "other": f"@include common-auth\n{other}"})
    report = node.report()
    assert len(report.checks) == 8
    found = load("proxmox-ve-auth", node.files.get)
    for phase in Phase:
        assert ways(found.of(phase), lambda handler: (0, 7, 25))

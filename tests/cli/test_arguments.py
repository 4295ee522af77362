"""What may stand on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pve_auth_tui import __version__
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.parser import Wanted

EVERY_OPTION = [
    ("--root", "/mnt"),
    ("--rung", "files"),
    ("--read-only",),
    ("--json",),
    ("--glyphs", "ascii"),
]


@pytest.mark.parametrize("option", EVERY_OPTION)
def test_options_count_the_same_before_and_after_the_command(option: tuple[str, ...]) -> None:
    assert parse([*option, "users"]) == parse(["users", *option])


def test_an_option_before_the_command_survives_another_one_behind_it() -> None:
    options = parse(["--root", "/mnt", "users", "--json"])

    assert (options.root, options.json) == (Path("/mnt"), True)


def test_the_same_option_twice_counts_as_given_last() -> None:
    assert parse(["--root", "/a", "users", "--root", "/b"]).root == Path("/b")


def test_no_command_opens_the_screens_of_this_node() -> None:
    options = parse([])

    assert (options.command, options.root, options.rung) == (None, None, "auto")


def test_permissions_take_a_user_and_a_path() -> None:
    options = parse(["permissions", "anna@corp", "--path", "/vms/100", "--json"])

    assert (options.userid, options.path, options.json) == ("anna@corp", "/vms/100", True)


def test_the_demo_takes_a_size_and_a_folder() -> None:
    options = parse(["demo", "--users", "10000", "--state", "/srv/demo"])

    assert (options.users, options.state) == (10000, Path("/srv/demo"))


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["users", "--rung", "best"], "invalid choice: 'best'"),
        (["users", "--roo", "/mnt"], "--roo"),
        (["users", "extra"], "extra"),
        (["permissions"], "USERID"),
        (["demo", "--users", "-1"], "--users"),
        (["demo", "--users", "many"], "give a number of users"),
        (["demo", "--root", "/mnt"], "leave out --root"),
        (["demo", "--rung", "files"], "leave out --rung"),
        (["users", "--user", "anna@corp"], "--user goes with --host H."),
        (["users", "--password-stdin"], "--password-stdin goes with --host H."),
        (["users", "--root", "/mnt", "--host", "pve1"], "two different places"),
        (["--json"], "--json needs a command"),
        (["demo", "--json"], "--json needs a command"),
    ],
)
def test_what_does_not_go_together_is_said_in_one_sentence(argv: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(argv)

    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "pve-auth-tui" in refused.value.hint


@pytest.mark.parametrize("argv", [["-h"], ["--help"], ["users", "-h"], ["demo", "--help"]])
def test_help_is_text_and_leaves_nothing_else_to_do(argv: list[str]) -> None:
    with pytest.raises(Wanted) as wanted:
        parse(argv)

    assert "usage: pve-auth-tui" in wanted.value.text
    assert "--root DIR" in wanted.value.text


def test_the_version_is_told_before_or_after_a_command() -> None:
    for argv in (["--version"], ["users", "--version"]):
        with pytest.raises(Wanted) as wanted:
            parse(argv)
        assert wanted.value.text == f"pve-auth-tui {__version__}\n"


def test_an_empty_root_is_not_the_folder_one_happens_to_be_in() -> None:
    with pytest.raises(UsageError, match="--root: it names no folder"):
        parse(["--root", "", "users"])
    assert parse(["--root", ".", "users"]).root == Path()


@pytest.mark.parametrize("words", [["prove", "ann@pve"], ["enrol", "ann@pve", "--totp"]])
def test_a_command_that_asks_for_a_users_password_takes_it_from_stdin_on_the_node_too(words):
    assert parse([*words, "--password-stdin"]).password_stdin


def test_a_list_on_the_node_itself_needs_no_password():
    with pytest.raises(UsageError, match="goes with --host"):
        parse(["users", "--password-stdin"])


@pytest.mark.parametrize(
    "line",
    [
        "user add new@pve --password=X",
        "user add new@pve --password X",
        "user add new@pve X",
        "user add new@pve --pasword X",
        "user add new@pve --keys X",
        "user edit ann@pve --password X",
        "user edit ann@pve --keys=X",
        "user password ann@pve X",
        "user password X",
        "user password ann@pve --confirmation-password X",
        "user --password X add new@pve",
        "--password X user add new@pve",
        "--password=X users",
        "user --password=X add new@pve",
        "users --password=X",
        "users --user root@pam --host pve1 --password X",
        "token add ann@pve ci --value=X",
        "change set /access/password userid=ann@pve --secret password X",
        "change set /access/password userid=ann@pve --secret password=X",
        "prove ann@pve X",
        "what-if -- user edit ann@pve --password X",
        "what-if -- user password X",
    ],
)
def test_what_may_be_a_secret_is_not_repeated(line: str) -> None:
    for secret in ("hunter2hunter2", "four words of hunter2"):
        with pytest.raises(UsageError) as caught:
            parse([word.replace("X", secret) for word in line.split()])
        assert "hunter2" not in f"{caught.value} {caught.value.hint}"

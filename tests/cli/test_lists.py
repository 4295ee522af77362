"""The list commands: PVE's shapes with --json, aligned tables without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import CLIENT_KEY, OLD_TOTP_SECRET, PHONE, YUBICO_KEY, Run

LISTS = ["realms", "users", "groups", "roles", "pools", "tokens", "tfa", "acl"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("place", ["root", "rack"])
def test_json_is_one_value_and_stderr_is_empty(
    name: str, place: str, run: Run, request: pytest.FixtureRequest
) -> None:
    done = run("--root", request.getfixturevalue(place), name, "--json")

    assert (done.code, done.err) == (0, "")
    assert done.out.count("\n") == 1
    assert done.out.isascii()
    assert isinstance(json.loads(done.out), list)


def test_users_are_those_of_the_api_with_full_details(root: Path, run: Run) -> None:
    assert run("users", "--root", root, "--json").value == [
        {
            "userid": "anna@corp",
            "enable": 1,
            "expire": 0,
            "firstname": "Anna",
            "lastname": "Admin",
            "email": "anna@example.com",
            "comment": "from the directory",
            "groups": "ops",
            "tokens": [{"tokenid": "ci", "expire": 0, "privsep": 1, "comment": "builds"}],
        },
        {
            "userid": "bo@pve",
            "enable": 0,
            "expire": 1700000000,
            "email": "",
            "keys": "****",
            "groups": "",
            "tokens": None,
            "realm-type": "pve",
        },
        {
            "userid": "root@pam",
            "enable": 1,
            "expire": 0,
            "email": "root@example.com",
            "keys": "x",
            "groups": "",
            "tokens": None,
            "realm-type": "pam",
        },
    ]


def test_tokens_of_all_users_with_userid_and_tokenid(root: Path, run: Run) -> None:
    assert run("tokens", "--root", root, "--json").value == [
        {"userid": "anna@corp", "tokenid": "ci", "expire": 0, "privsep": 1, "comment": "builds"}
    ]


def test_groups_pools_and_acl_are_those_of_the_api(root: Path, run: Run) -> None:
    assert run("groups", "--root", root, "--json").value == [
        {"groupid": "ops", "comment": "Operators", "users": "anna@corp"}
    ]
    assert run("pools", "--root", root, "--json").value == [
        {"poolid": "lab", "comment": "test machines"}
    ]
    acl = run("acl", "--root", root, "--json").value
    assert sorted(acl, key=lambda entry: str(entry["path"])) == [
        {"path": "/", "type": "group", "ugid": "ops", "roleid": "PVEAuditor", "propagate": 1},
        {
            "path": "/vms/200",
            "type": "user",
            "ugid": "anna@corp",
            "roleid": "Looker",
            "propagate": 0,
        },
    ]


def test_roles_have_their_privileges_as_one_text(root: Path, run: Run) -> None:
    roles = {role["roleid"]: role for role in run("roles", "--root", root, "--json").value}

    assert roles["Looker"]["special"] == 0
    assert "VM.Audit" in roles["Looker"]["privs"].split(",")
    assert roles["Administrator"]["special"] == 1


def test_second_factors_without_their_secrets(root: Path, run: Run) -> None:
    done = run("tfa", "--root", root, "--json")

    entries = [{**PHONE, "type": "totp"}]
    assert done.value == [
        {"userid": "anna@corp", "entries": entries},
        {"userid": "root@pam", "entries": entries},
    ]


def test_realms_have_all_their_properties_and_no_secrets(root: Path, run: Run) -> None:
    realms = {realm["realm"]: realm for realm in run("realms", "--root", root, "--json").value}

    assert set(realms) == {"pam", "pve", "entra"}
    assert realms["pam"]["default"] == 1
    assert realms["entra"]["issuer-url"] == "https://login.example.com"
    assert realms["entra"]["client-key"] == "****"
    assert realms["pve"]["tfa"].endswith("key=****")


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("name", [*LISTS, "status"])
def test_no_list_shows_a_secret(name: str, form: list[str], root: Path, run: Run) -> None:
    done = run("--root", root, name, *form)

    for secret in (CLIENT_KEY, YUBICO_KEY, OLD_TOTP_SECRET, "JBSWY3DPEHPK3PXP"):
        assert secret not in done.out + done.err


@pytest.mark.parametrize("name", LISTS)
def test_tables_have_the_columns_of_the_screens_and_one_line_for_each_row(
    name: str, rack: Path, run: Run
) -> None:
    done = run("--root", rack, name)

    heading, *rows = done.out.splitlines()
    assert done.code == 0
    assert heading.split()
    assert rows
    assert all(line == line.rstrip() for line in (heading, *rows))


def test_a_table_of_users_names_everybody(root: Path, run: Run) -> None:
    done = run("--root", root, "users")

    assert done.out.splitlines()[0].startswith("User name  Realm  Enabled")
    assert [line.split()[:3] for line in done.out.splitlines()[1:]] == [
        ["anna", "corp", "yes"],
        ["bo", "pve", "no"],
        ["root", "pam", "yes"],
    ]


def test_what_a_hostile_comment_does_to_the_terminal_is_spelled_out(root: Path, run: Run) -> None:
    config = root / "etc/pve/user.cfg"
    config.write_text(config.read_text().replace("Operators", "\x1b]0;owned\x07\u202e"))

    shown = run("--root", root, "groups")
    value = run("--root", root, "groups", "--json")

    assert "\x1b" not in shown.out + value.out
    assert "\u202e" not in shown.out + value.out
    assert r"\x1b]0;owned" in shown.out


def test_permissions_are_those_of_the_api(root: Path, run: Run) -> None:
    done = run("--root", root, "permissions", "anna@corp", "--path", "/vms/200", "--json")

    assert (done.code, done.err) == (0, "")
    assert done.value == {"/vms/200": {"VM.Audit": 0}}


def test_permissions_of_a_token_are_cut_by_its_privilege_separation(root: Path, run: Run) -> None:
    assert run("--root", root, "permissions", "anna@corp!ci", "--json").value == {}
    assert run("--root", root, "permissions", "anna@corp", "--json").value != {}


def test_permissions_as_a_table(root: Path, run: Run) -> None:
    done = run("--root", root, "permissions", "anna@corp", "--path", "/vms/200")

    assert done.out.splitlines() == [
        "Path      Privilege  Propagate",
        "/vms/200  VM.Audit   no",
    ]


def test_as_in_pve_an_unknown_user_has_no_permissions(root: Path, run: Run) -> None:
    as_json = run("--root", root, "permissions", "nobody@pve", "--json")
    as_text = run("--root", root, "permissions", "nobody@pve")

    assert (as_json.code, as_json.out, as_json.err) == (0, "{}\n", "")
    assert as_text.code == 0
    assert as_text.err == "nobody@pve does not exist here.\n"


def test_what_cannot_be_a_userid_is_a_usage_error(root: Path, run: Run) -> None:
    done = run("--root", root, "permissions", "garbage", "--json")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("garbage is neither a user nor an API token.\n")

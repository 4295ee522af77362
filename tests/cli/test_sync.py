"""`sync` and `sync-job` on the demo's realm corp."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from pve_auth_tui.actions import sync, sync_job
from pve_auth_tui.arguments import FINDINGS, OK, parse
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.parser import Wanted
from tests.cli.desk import Person, Pipe, Screen
from tests.services.test_sync import Office

GONE = ("--remove-vanished", "entry;acl")


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = Office()
    for name, stream in (
        ("stdin", Pipe()),
        ("stdout", Screen(is_terminal=False)),
        ("stderr", Screen(is_terminal=False)),
    ):
        monkeypatch.setattr(sys, name, stream)
    yield made
    made.shop.close()


def run(office: Office, *words: str) -> tuple[int, str]:
    module = sync_job if words[0] == "sync-job" else sync
    return module.run(parse(list(words)), office.shop)


def config(office: Office) -> bytes | None:
    found: bytes | None = office.node.disk.read("etc/pve/user.cfg")
    return found


def test_a_preview_tells_and_writes_nothing(office: Office) -> None:
    before = config(office)
    code, text = run(office, "sync", "corp", "--preview", *GONE)
    assert code == FINDINGS
    assert "BAD   2 users lose Administrator on /: carl@corp and dora@corp" in text
    assert "[x] entry" in text
    assert "PVE's own preview agrees: 61 added" in text
    assert "The 36 removals are above your limit (25): the plan asks you to type 36." in text
    assert config(office) == before


def test_a_preview_as_json_has_everybody_by_name(office: Office) -> None:
    code, text = run(office, "sync", "corp", "--preview", "--json", "--scope", "users", *GONE)
    told = json.loads(text)
    assert code == FINDINGS
    assert "carl@corp" in [row["name"] for row in told["users"]["removed"]]
    assert told["options"]["remove-vanished"] == "entry;acl"
    assert told["groups"]["synced"] is False
    assert told["pve"]["agrees"] is True
    assert told["confirm"] == "36"


def test_nobody_is_there_to_be_asked_and_yes_alone_is_not_the_word(office: Office) -> None:
    """R24 and the limit: `--yes` does not run over them."""
    before = config(office)
    with pytest.raises(Refused, match="HEAVY"):
        run(office, "sync", "corp", "--yes", *GONE)
    assert config(office) == before
    code, text = run(office, "sync", "corp", "--yes", "--override", "36", *GONE)
    assert code == OK
    assert "PVE was asked again, and it is as foretold." in text


def test_without_removals_dangerous_names_still_ask_for_their_number(office: Office) -> None:
    code, text = run(office, "sync", "corp", "--dry-run", "--remove-vanished", "none", "--json")
    plan = json.loads(text)["plan"]
    assert code == OK
    assert plan["weight"] == "HEAVY"
    assert int(plan["confirm"]) >= 3
    assert plan["commands"] == [
        "pveum realm sync corp --scope both --enable-new 1 --remove-vanished none"
    ]


def test_a_wrong_attribute_mapped_to_enable_asks_for_the_number_it_would_disable(
    office: Office,
) -> None:
    """Everybody has badPwdCount 0: nobody is removed, and nobody could log in any more."""
    office.node.answer("PUT", "/access/domains/corp", {"sync_attributes": "enable=badPwdCount"})
    before = config(office)
    code, text = run(office, "sync", "corp", "--preview", "--remove-vanished", "none", "--json")
    told = json.loads(text)
    word = told["confirm"]
    assert code == FINDINGS
    assert int(word) > 25
    assert any("cannot log in any more" in one["text"] for one in told["meaning"])
    assert told["pve"]["agrees"] is True
    with pytest.raises(Refused, match="HEAVY"):
        run(office, "sync", "corp", "--yes", "--remove-vanished", "none")
    assert config(office) == before
    asked = ("sync", "corp", "--yes", "--override", word, "--remove-vanished", "none")
    assert run(office, *asked)[0] == OK


def test_plain_ldap_is_bound_to_after_a_yes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R20: on a terminal it is asked, each time; without one the option says it."""
    bound = {"bind_dn": "cn=nobody", "password": "canary-of-lab"}
    office.node.answer("PUT", "/access/domains/lab", bound)
    asked = ("sync", "lab", "--scope", "both", "--preview")

    def cause(*more: str) -> Cause:
        with pytest.raises(DirectoryTrouble) as trouble:
            run(office, *asked, *more)
        return trouble.value.cause

    assert cause() is Cause.IN_CLEAR
    refused = cause("--unprotected")
    assert refused is not Cause.IN_CLEAR
    for typed, told in (("no", Cause.IN_CLEAR), ("yes", refused)):
        monkeypatch.setattr(sys, "stdin", Person(typed))
        monkeypatch.setattr(sys, "stderr", Screen(is_terminal=True))
        assert cause() is told


def test_who_binds_as_nobody_is_asked_nothing(office: Office) -> None:
    code, text = run(office, "sync", "lab", "--scope", "both", "--preview")
    assert code in (OK, FINDINGS)
    assert "PVE's own preview agrees" in text


@pytest.mark.parametrize(
    "words",
    [
        ("sync", "nothere", "--preview"),
        ("sync", "pve", "--preview"),
        ("sync", "corp", "--remove-vanished", "all"),
        ("sync", "corp", "--scope", "some"),
        ("sync-job", "add", "x", "--realm", "corp", "--schedule", "never", "--scope", "both"),
        ("sync-job", "edit", "corp-nightly"),
        ("sync-job", "edit", "corp-nightly", "--delete", "scope"),
    ],
)
def test_what_cannot_be_meant_is_told(office: Office, words: tuple[str, ...]) -> None:
    with pytest.raises((UsageError, Wanted)):
        run(office, *words)


def test_what_is_no_directory_is_not_asked_for_a_scope(office: Office) -> None:
    with pytest.raises(UsageError, match="Only LDAP and AD realms are synced, and pve is none"):
        run(office, "sync", "pve", "--preview")


def test_a_job_comes_changes_and_goes(office: Office) -> None:
    words = ("--realm", "corp", "--schedule", "02:30", "--scope", "users", "--yes")
    assert run(office, "sync-job", "create", "weekly", *words)[0] == OK
    edited = ("--remove-vanished", "entry", "--enabled", "0", "--yes")
    assert run(office, "sync-job", "modify", "weekly", *edited)[0] == OK
    job = office.node.state.jobs.sync["weekly"]
    assert (job.options["enabled"], job.options["remove-vanished"]) == ("0", "entry")
    assert run(office, "sync-job", "delete", "weekly", "--yes")[0] == OK
    assert "weekly" not in office.node.state.jobs.sync

"""The whole matrix: the demo, a node alone, administrators of a provider, made-up clusters."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Snapshot, UnixPasswords
from pve_auth_tui.core.survive.page import page
from pve_auth_tui.core.survive.survival import Survival, survival
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.core.survive.told import (
    as_json,
    cell_heading,
    cell_lines,
    columns,
    narrow_columns,
    narrow_rows,
    reasons,
    row_lines,
    summary,
    table_rows,
)
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from tests.core import random_pictures
from tests.core.pictures import DAY, NOW, factors, picture
from tests.core.survive_worlds import IDP, STANDALONE, app, key, paper, world

ORDER = ["BAD", "LOO", "- 1", "- N"]


def texts(found: Survival) -> list[str]:
    return [f"{finding.word} {finding.text}" for finding in found.findings]


def test_the_demo_cluster_as_a_picture() -> None:
    snapshot = SnapshotService(demo_tree(), FixedClock(DEMO_NOW)).load()
    found = survival(snapshot, DEMO_NOW)
    signs = {"yes": "y", "no": "n", "unknown": "?"}
    rows = [
        (row.way.userid, row.way.shown, "".join(signs[one.word] for one in row.cells.values()))
        for row in found.rows
    ]
    assert rows == [
        # IdP LDAP DNS phone quorum clock isolated certificate
        ("root@pam", "key rack 3", "yynyyyy?"),
        ("root@pam", "recovery", "yyyynyny"),
        ("root", "console", "yyyyyyyy"),
        ("anna@pam", "totp phone", "yyynnnny"),
        ("anna@pam", "recovery", "yyyynyny"),
        ("backup-admin@pve", "password", "yyyyyyyy"),
        ("carl@corp", "totp phone", "ynnnnnny"),
        ("dora@corp", "password", "ynnyyyny"),
        ("erik@pve", "totp tablet", "yyynnnny"),
        ("erik@pve", "recovery", "yyyynyny"),
        ("frank@corp", "password", "ynnyyyny"),
        ("nina@pve", "password", "yyyyyyyy"),
    ]
    assert {way.person for way in found.independent} == {
        "root@pam", "anna@pam", "backup-admin@pve", "nina@pve",
    }  # fmt: skip
    assert not found.needs_look
    assert [one.userid for one in found.without] == ["anna.admin@corp"]


def test_a_node_with_root_and_an_app_has_one_way_in() -> None:
    """The console is root's, too: who does not know the password gets in nowhere."""
    found = survival(world("root@pam", app(), cluster=STANDALONE), NOW)
    assert len(found.independent) == 1
    assert texts(found)[0] == "BAD only 1 independent way in: root (console)"
    assert "LOOK phone lost: only the console or SSH as root is left" in texts(found)
    assert "LOOK clock wrong: only the console or SSH as root is left" in texts(found)
    assert not any("quorum" in text for text in texts(found))
    assert found.needs_look


def test_administrators_of_a_provider_alone_fall_with_it() -> None:
    nobody = UnixPasswords(frozenset())
    found = survival(world("ann@idp", realm=IDP, unix=nobody), NOW)
    assert [way.userid for way in found.independent] == ["ann@idp"]
    told = texts(found)
    assert told[0].startswith("BAD only 1 independent way in: ann@idp (provider)")
    assert "BAD identity provider down: nobody gets in" in told
    assert "LOOK phone lost: not known whether anybody gets in" in told
    assert [text[:3] for text in told] == sorted((text[:3] for text in told), key=ORDER.index)
    assert "- 1 administrator has no way in today: root@pam has no usable password" in "\n".join(
        told
    )


def test_a_trouble_that_leaves_only_what_nobody_knows_is_no_bad_one() -> None:
    """Over PVE's API nobody tells of /etc/shadow: root at the console may get in, or not."""
    found = survival(world("ann@idp", realm=IDP, unix=None), NOW)
    assert "LOOK identity provider down: not known whether anybody gets in" in texts(found)


def test_columns_count_who_is_left() -> None:
    found = survival(world("ann@pve", app()), NOW)
    counts = {one.threat: (one.alive, one.people, one.unknown) for one in found.columns}
    assert counts[Threat.IDP] == (3, 2, 0)
    assert counts[Threat.QUORUM] == (2, 1, 0)


# --- proofs -----------------------------------------------------------------------------------


def marked(snapshot: Snapshot, *marks: Mark) -> Snapshot:
    return replace(snapshot, proofs={(mark.userid, mark.entry): mark for mark in marks})


def test_each_way_in_tells_when_it_was_proved() -> None:
    snapshot = marked(
        world("ann@pve", key(), app()),
        Mark("root@pam", "", How.LOGIN, NOW - 12 * DAY, "pve1"),
        Mark("ann@pve", "k", How.SIGNATURE, NOW - DAY, "pve1", "example.com"),
        Mark("ann@pve", "t", How.ENROLLED, NOW - DAY),
    )
    found = survival(snapshot, NOW)
    said = {row.key: row.cells[-1] for row in table_rows(found, NOW)}
    assert list(said.values()) == ["12 d ago", "never", "signed", "never"]
    assert texts(found)[-1] == "- Last proved by a login: root@pam (password), 12 d ago"
    lines = {row.way.how: row_lines(row, NOW) for row in found.rows}
    assert any("nobody logged in" in line.text for line in lines["key"])
    assert any(line.text.startswith("proved by a login 12 d ago") for line in lines["password"])
    assert any("cannot be proved from here" in line.text for line in lines["console"])


def test_a_mark_of_a_login_without_a_factor_says_nothing_of_one_with() -> None:
    snapshot = marked(world("ann@pve", app()), Mark("ann@pve", "", How.LOGIN, NOW - DAY))
    (row,) = (row for row in survival(snapshot, NOW).rows if row.way.userid == "ann@pve")
    assert row.mark is None


# --- in every form ----------------------------------------------------------------------------


def test_the_page_holds_findings_matrix_reasons_and_what_columns_mean() -> None:
    snapshot = replace(world("ann@pve", app(), paper()), demo=True)
    text = page(survival(snapshot, NOW), snapshot, NOW)
    lines = text.splitlines()
    assert lines[0].startswith("Ways in of rack, ")
    assert lines[1] == "DEMO: a simulated cluster."
    assert any(line.startswith("ok    2 independent ways in") for line in lines)
    assert any(line.startswith("ann@pve        totp phone") for line in lines)
    assert "  no quorum: NO, PVE has to store that the code was used, which needs quorum." in lines
    assert all(f"{threat.title}. {threat.meaning}" in text for threat in Threat)


def test_names_cannot_make_lines_of_their_own() -> None:
    """R19: a description is whatever somebody has typed."""
    entry = replace(app(), description="x\nok    9 independent ways in\x1b[2J")
    snapshot = world("ann@pve", entry)
    text = page(survival(snapshot, NOW), snapshot, NOW)
    assert "\x1b" not in text
    assert not any(line.startswith("ok    9") for line in text.splitlines())


def test_the_same_id_twice_is_two_ways_in() -> None:
    """Only somebody who edits tfa.cfg by hand can do that; nothing gets lost by it."""
    found = survival(world("ann@pve", key(), key()), NOW)
    assert [row.way.how for row in found.rows] == ["password", "console", "key", "key"]


@given(random_pictures.pictures())
def test_whatever_the_picture_every_form_can_be_made(snapshot: Snapshot) -> None:
    found = survival(snapshot, NOW)
    assert [column.threat for column in found.columns] == list(Threat)
    assert all(set(row.cells) == set(Threat) for row in found.rows)
    value = as_json(found)
    assert json.loads(json.dumps(value)) == value
    assert value["independent"] == sum(way["independent"] for way in value["ways"])
    assert len(table_rows(found, NOW, Threat.DNS)) == len(found.rows) == len(value["ways"])
    assert all(len(row.cells) == len(columns()) for row in table_rows(found, NOW))
    for threat in Threat:
        assert len(narrow_rows(found, threat)) == len(found.rows)
        assert len(narrow_columns(threat)) == 3
    for row in found.rows:
        assert all(cell_heading(row, one) and cell_lines(row, one, NOW) for one in Threat)
        assert row_lines(row, NOW)
    assert summary(found)[0].word in ("ok", "BAD")
    assert (len(found.independent) < 2) == (found.findings[0].word == "BAD")
    assert all(line.endswith((":", ".")) for line in reasons(found))
    assert page(found, snapshot, NOW)


@given(random_pictures.pictures())
def test_another_local_administrator_is_one_more(snapshot: Snapshot) -> None:
    """With a password alone nothing takes that way in, and it takes none of the others."""
    before = len(survival(snapshot, NOW).independent)
    access = snapshot.access.value
    assert access is not None
    extra = picture("user:extra@pve:1:0::::::", "acl:1:/:extra@pve:Administrator:").access.value
    assert extra is not None
    grown = replace(
        access,
        users={**access.users, "extra@pve": extra.users["extra@pve"]},
        acl=(*access.acl, *extra.acl),
    )
    names = snapshot.passwords.value
    assert names is not None
    bigger = replace(
        snapshot,
        access=snapshot.access._replace(value=grown),
        passwords=snapshot.passwords._replace(value=names._replace(users=names.users | {"extra"})),
    )
    assert len(survival(bigger, NOW).independent) == before + 1


def test_fifty_administrators_with_three_factors_are_150_rows() -> None:
    lines = "\n".join(f"user:u{at}@pve:1:0::::x:" for at in range(50))
    acl = [f"acl:1:/:u{at}@pve:Administrator:" for at in range(50)]
    tfa = [factors(f"u{at}@pve", app(), key(), paper()) for at in range(50)]
    found = survival(picture(lines, *acl, tfa=tfa), NOW)
    assert len(found.rows) == 152

"""Plans of a join and of its ways back, step by step, without any node."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.join import steps
from pve_auth_tui.core.join.drafts import join_draft, leave_draft
from pve_auth_tui.core.join.goback import back_draft, differences
from pve_auth_tui.core.join.manifest import Manifest, as_text, from_text, manifest_of
from pve_auth_tui.core.join.model import SNIPPET, START_FILE, JoinWish, Membership, NodeState
from pve_auth_tui.core.join.orders import BackOrder, JoinOrder, LeaveOrder
from pve_auth_tui.core.plan import Draft, HostFile, HostStep
from pve_auth_tui.core.secret import Secret

DOMAIN, FOLDER = "ad.example.com", "/own/join/20261121-120000"
ALICE, GROUP = f"alice@{DOMAIN}", f"Admins@{DOMAIN}"
WISH = JoinWish(DOMAIN, computer="PVE1", users=(ALICE,), groups=(GROUP,))
BARE = NodeState(
    short="pve1",
    fqdn="pve1.example.com",
    files={"/etc/nsswitch.conf": "n", "/etc/pam.d/common-session": "s"},
    units={"sssd": "inactive", "packagekit": "masked"},
    enabled=("sssd",),
)
KEPT = manifest_of(BARE, folder=FOLDER, domain=DOMAIN, computer="PVE1", at=1795300860.0)
MEMBER = replace(
    BARE,
    memberships=(Membership(DOMAIN, configured="kerberos-member"),),
    files={**BARE.files, "/etc/krb5.conf": "k", "/etc/krb5.keytab": "t", SNIPPET: "x"},
    units={"sssd": "active", "packagekit": "inactive"},
    homes=True,
)


def order(**changes: object) -> JoinOrder:
    return replace(JoinOrder(WISH, Secret("pw"), BARE, KEPT), **changes)  # type: ignore[arg-type]


def lines(draft: Draft) -> list[str]:
    found = []
    for step in draft.steps:
        if isinstance(step, HostFile):
            found.append(f"{'write' if step.content else 'remove'} {step.path}")
        else:
            assert isinstance(step, HostStep)
            found.append(" ".join((step.argv[0].rpartition("/")[2], *step.argv[1:])))
    return found


def test_every_command_is_absolute_and_has_its_time() -> None:
    for draft in (join_draft(order()), back_draft(BackOrder(DOMAIN, MEMBER, KEPT))):
        for step in draft.steps:
            if isinstance(step, HostStep):
                assert step.argv[0].startswith("/usr/")
                assert 0 < step.seconds <= steps.JOIN_SECONDS
    assert steps.install(["sssd"]).seconds == 900.0


def test_what_is_masked_is_unmasked_for_the_join_and_masked_again() -> None:
    told = lines(join_draft(order()))
    join = told.index(f"realm -v join --user=Administrator --computer-name=PVE1 {DOMAIN}")
    assert told.index("systemctl unmask packagekit") < join
    assert told[-1] == "systemctl mask --now packagekit"
    assert told.index(f"write {SNIPPET}") < join < told.index(f"remove {SNIPPET}")


def test_names_are_let_in_one_by_one_and_the_last_is_looked_after() -> None:
    draft = join_draft(order())
    permits = [step for step in draft.steps if isinstance(step, HostStep) and "permit" in step.argv]
    assert [step.argv[3:] for step in permits] == [(ALICE,), ("-g", GROUP)]
    assert permits[-1].goal == steps.permits(DOMAIN, (ALICE,), (GROUP,))


def test_the_name_and_the_place_of_the_account_are_told_to_realmd() -> None:
    wish = replace(WISH, computer="RACK", ou="OU=Servers")
    told = lines(join_draft(order(wish=wish)))
    line = next(line for line in told if "realm -v join" in line)
    assert "--computer-ou=OU=Servers --computer-name=RACK" in line


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, ""),
        ({"everybody": True}, DOMAIN),
        ({"taken_from": "old.example.com", "exists": True}, "PVE1"),
        ({"refusal": "PAM: root may be kept out."}, "PVE1"),
    ],
)
def test_what_has_to_be_typed(changes: dict[str, object], word: str) -> None:
    assert join_draft(order(**changes)).word == word


def test_no_password_is_in_any_words() -> None:
    draft = join_draft(order(password=Secret("canary-pw")))
    assert "canary-pw" not in repr((draft, order(password=Secret("canary-pw"))))
    assert "canary-pw" not in as_text(KEPT)


# --- the way back -------------------------------------------------------------------------------


def test_a_roll_back_leaves_before_it_puts_files_back_and_opens_nothing() -> None:
    told = lines(back_draft(BackOrder(DOMAIN, MEMBER, KEPT, "adm", Secret("pw"))))
    assert told[0].startswith("adcli delete-computer")
    leave = told.index(f"realm -v leave {DOMAIN}")
    assert told[leave - 1] == "systemctl restart realmd"  # ends what it may still be at
    assert leave < told.index("rm --force /etc/krb5.keytab") < told.index(f"rm --force {SNIPPET}")
    assert "pam-auth-update --package --disable mkhomedir" in told
    assert "systemctl enable sssd" in told
    assert told[-1] == "systemctl mask --now packagekit"


def test_what_shuts_the_start_of_sssd_goes_with_the_last_domain() -> None:
    kept = {**MEMBER.files, START_FILE: "x"}
    shut = replace(MEMBER, files=kept)
    assert f"remove {START_FILE}" in lines(leave_draft(LeaveOrder(DOMAIN, shut)))
    assert f"rm --force {START_FILE}" in lines(back_draft(BackOrder(DOMAIN, shut, KEPT)))
    other = Membership("other.example", configured="kerberos-member")
    both = replace(shut, memberships=(*shut.memberships, other))
    assert f"remove {START_FILE}" not in lines(leave_draft(LeaveOrder(DOMAIN, both)))
    had = replace(KEPT, files={**KEPT.files, START_FILE: "x"})
    assert f"rm --force {START_FILE}" not in lines(back_draft(BackOrder(DOMAIN, shut, had)))


def test_by_the_files_alone_realmd_is_not_asked() -> None:
    told = lines(back_draft(BackOrder(DOMAIN, MEMBER, KEPT, files_alone=True)))
    assert not [line for line in told if line.startswith("realm ")]
    assert "rm --force /etc/krb5.keytab" in told


def test_a_realmd_that_may_still_join_is_ended_first_and_alone() -> None:
    told = lines(back_draft(BackOrder(DOMAIN, BARE, KEPT, settle=True)))
    assert told == ["systemctl restart realmd"]


def test_where_nothing_was_done_nothing_is_rolled_back() -> None:
    assert back_draft(BackOrder(DOMAIN, BARE, KEPT)).steps == ()
    assert differences(BARE, BARE) == ()


def test_what_is_not_as_it_was_is_said() -> None:
    assert differences(BARE, MEMBER) == (
        "/etc/krb5.conf is still there, and was not before.",
        "/etc/krb5.keytab is still there, and was not before.",
        f"{SNIPPET} is still there, and was not before.",
        f"The node is still a member of {DOMAIN}.",
        "New: sssd runs.",
        "No longer so: packagekit is masked.",
        "New: pam_mkhomedir is on.",
    )


# --- leave --------------------------------------------------------------------------------------


def test_a_leave_deletes_nothing_unless_it_is_told_to() -> None:
    draft = leave_draft(LeaveOrder(DOMAIN, MEMBER, computer="PVE1", manifest=KEPT))
    assert draft.word == ""
    assert not [line for line in lines(draft) if "adcli" in line or "rm " in line]
    deleting = LeaveOrder(DOMAIN, MEMBER, "adm", Secret("pw"), "PVE1")
    assert leave_draft(deleting).word == "PVE1"
    assert leave_draft(LeaveOrder(DOMAIN, MEMBER, purge=("sssd",))).word == DOMAIN


def test_a_clean_leave_puts_back_what_was_named() -> None:
    kept = replace(KEPT, files={**KEPT.files, "/etc/krb5.conf": "old"})
    clean = ("/etc/krb5.conf", "/etc/sssd/sssd.conf")
    told = lines(leave_draft(LeaveOrder(DOMAIN, MEMBER, clean_up=True, clean=clean, manifest=kept)))
    copy = f"{FOLDER}/etc/krb5.conf"
    assert f"cp --archive --no-target-directory {copy} /etc/krb5.conf" in told
    assert "rm --force /etc/sssd/sssd.conf" in told
    assert "systemctl enable sssd" in told
    assert any("/var/lib/sss/db/cache_" in line for line in told)


# --- the manifest -------------------------------------------------------------------------------


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert from_text(as_text(KEPT), FOLDER) == KEPT
    assert KEPT.backup_of("/etc/krb5.conf") == f"{FOLDER}/etc/krb5.conf"


def test_what_an_older_manifest_does_not_say_was_as_a_plan_proposes_it() -> None:
    value = json.loads(as_text(replace(KEPT, wants_homes=False)))
    assert from_text(json.dumps(value), FOLDER).wants_homes is False
    del value["wants_homes"]
    assert from_text(json.dumps(value), FOLDER) == KEPT


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1}', "null"])
def test_one_that_is_damaged_is_said_to_be(text: str) -> None:
    with pytest.raises(Unreadable):
        from_text(text, FOLDER)


def test_a_manifest_holds_no_file_of_the_node_but_its_digest() -> None:
    assert isinstance(KEPT, Manifest)
    assert KEPT.files == BARE.files

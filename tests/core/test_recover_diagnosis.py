"""What Recover says is wrong: the verdict, its causes, and the lines of what was looked at."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.node import Tried
from pve_auth_tui.core.recover.condition import (
    Disk,
    Ha,
    Mount,
    Neighbour,
    Pmxcfs,
    Service,
    Shadow,
    Votes,
)
from pve_auth_tui.core.recover.diagnosis import Cause, diagnose
from pve_auth_tui.core.recover.have import guessed, questions
from pve_auth_tui.core.snapshot import Part
from tests.core.pictures import NOW, PVE, factor, part, picture
from tests.core.recovering import (
    DEAD2,
    DEAD3,
    KEY,
    MIB,
    PAPER,
    PHONE,
    PVE2,
    cut_off,
    services,
    situation,
)

OATH = Realm("pam", "pam", {"tfa": "type=oath"})
BARE = {"mount": Mount.BARE, "pmxcfs": None, "way": "config.db"}


def lines(situation):
    return {check.subject: f"{check.word} {check.text}" for check in diagnose(situation).checks}


def unreadable(**changed):
    made = situation(**changed)
    refused = Part(None, "files", NOW, "PVE cannot read it.", "Move it away.", refused=True)
    return made._replace(snapshot=replace(made.snapshot, tfa=refused))


def demanding(*entries):
    made = situation(*entries)
    return made._replace(snapshot=replace(made.snapshot, realms=picture(realms=(OATH, PVE)).realms))


def test_where_all_is_well_it_says_so_and_what_it_did_not_try():
    found = diagnose(situation(PHONE, KEY))
    assert found.causes == ()
    assert found.sentences == (
        "Nothing was found that keeps root@pam out of the web interface.",
        "Whether the password is right was not tried. Nothing has been changed.",
    )
    assert {check.word for check in found.checks} == {"ok"}


def test_the_drawing_of_a_lost_phone():
    used = replace(
        PHONE,
        data={"totp": "otpauth://totp/x?secret=ABCDEFGHIJKLMNOP", "last-count": 59_830_000},
    )
    made = situation(used, KEY, PAPER, locked=True)
    found = diagnose(made)
    assert found.sentences == (
        "root@pam cannot log in with TOTP: it is locked (8 wrong codes).",
        'The key "rack 3" still opens the web interface.',
        "You are root here, that is enough. Nothing has been changed yet.",
    )
    told = lines(made)
    assert told["node"] == "ok quorate 3/3, services run, clock in step, disk 41 % full"
    assert told["password"] == "ok root's Linux password is set, not expired"
    assert told["TOTP"].startswith('BAD "phone": LOCKED (8 wrong codes); last right code 2026-11-')
    assert told["key"] == 'ok "rack 3": works at https://pve1.example.com:8006'
    assert told["recovery keys"] == "LOOK 3 of 10 left"


def test_a_lock_without_anything_else_is_the_whole_verdict():
    found = diagnose(situation(PHONE, locked=True))
    assert found.sentences[0] == (
        "root@pam cannot log in to the web interface: TOTP is locked (8 wrong codes)."
    )


def test_the_drawing_of_a_node_that_is_cut_off():
    made = cut_off(PHONE, KEY, ha=Ha(2, 2, False))
    found = diagnose(made)
    assert found.sentences[:2] == (
        "pve1 is cut off: the other two nodes run and have quorum without it.",
        "Nothing in /etc/pve can be changed here. Nothing is broken on pve2 and pve3.",
    )
    told = lines(made)
    assert told["corosync"] == "BAD link 0 (10.0.0.1): pve2, pve3 not seen"
    assert told["network"] == "BAD ens5f0 (10.0.0.1): no carrier"
    assert told["other nodes"] == "ok pve2 and pve3 say: quorate"
    assert told["HA"] == "LOOK 2 services were here; pve2 and pve3 may have taken over"
    assert "although the code is right (must be stored)" in told["root@pam TOTP"]
    assert told["root@pam key"] == 'ok "rack 3": works here, without quorum, too'


@pytest.mark.parametrize(
    ("made", "causes"),
    [
        (situation(PHONE, locked=True), [Cause.LOCKED]),
        (situation(PHONE, KEY, until=int(NOW) + 600), [Cause.LOCKED]),
        (situation(factor("recovery", unused=0)), [Cause.NO_FACTOR]),
        (situation(lines=["user:root@pam:0:0:::::"]), [Cause.DISABLED]),
        (situation(lines=["user:root@pam:1:1:::::"]), [Cause.EXPIRED]),
        (demanding(KEY), [Cause.REALM_TFA]),
        (unreadable(), [Cause.TFA_UNREADABLE]),
        (situation(shadow=Shadow.LOCKED), [Cause.PASSWORD]),
        (situation(shadow=Shadow.MUST_CHANGE), [Cause.PASSWORD]),
        (situation(userid="gone@pve"), [Cause.NO_ACCOUNT]),
        (situation(**services(pveproxy=Service.FAILED)), [Cause.PVEPROXY]),
        (situation(**services(pvedaemon=Service.STOPPED)), [Cause.PVEDAEMON]),
        (cut_off(), [Cause.NO_QUORUM]),
        (situation(**services(corosync=Service.FAILED)), [Cause.NO_QUORUM]),
        (situation(pmxcfs=Pmxcfs(7, True)), [Cause.LOCAL_MODE]),
        (situation(**BARE), [Cause.PMXCFS]),
        (situation(**BARE, database="", shadow=Shadow.NONE), [Cause.NOT_A_NODE]),
        (situation(**BARE, database="", disks=(Disk("/", 50 * MIB, 100 * MIB, True),)),
         [Cause.NOT_A_NODE, Cause.READ_ONLY]),
        (situation(mount=Mount.HANGS, way="config.db"), [Cause.DEAD_MOUNT]),
        (situation(mount=Mount.BROKEN, pmxcfs=None, way="config.db"), [Cause.DEAD_MOUNT]),
        (situation(disks=(Disk("/", 0, 100 * MIB),)), [Cause.FULL_DISK]),
        (situation(disks=(Disk("/var", 50 * MIB, 100 * MIB, True),)), [Cause.READ_ONLY]),
        (situation(neighbours=(PVE2._replace(ahead=600.0),)), [Cause.CLOCK]),
        (situation(rescue="/mnt", here=False, way="config.db"), [Cause.RESCUE]),
    ],
)  # fmt: skip
def test_each_cause_is_found_and_said(made, causes):
    found = diagnose(made)
    assert list(found.causes) == causes
    assert 1 <= len(found.sentences) <= 3
    assert all(sentence.endswith((".", "...")) for sentence in found.sentences)
    bad = [check for check in found.checks if check.word in ("BAD", "LOOK")]
    assert bad, "what is wrong has a line of its own"


def test_every_cause_there_is_occurs_above():
    cases = test_each_cause_is_found_and_said.pytestmark[0].args[1]
    assert {cause for _, causes in cases for cause in causes} == set(Cause)


def test_the_gravest_cause_leads_and_the_login_is_still_told():
    found = diagnose(situation(PHONE, locked=True, **services(pvedaemon=Service.FAILED)))
    assert found.causes == (Cause.PVEDAEMON, Cause.LOCKED)
    assert "pvedaemon does not run on pve1" in found.sentences[0]
    assert "TOTP is locked" in found.sentences[1]


@pytest.mark.parametrize(
    "changed",
    [
        services(pvedaemon=Service.FAILED),
        services(pveproxy=Service.FAILED),
        BARE,
        {"mount": Mount.HANGS},
        {"shadow": Shadow.LOCKED},
        {"lines": ["user:root@pam:0:0:::::"]},
    ],
)
def test_no_key_is_said_to_open_what_no_login_opens(changed):
    found = diagnose(situation(PHONE, KEY, locked=True, **changed))
    assert len(found.sentences) > 1
    assert "still opens" not in " ".join(found.sentences)


def test_a_full_disk_does_not_keep_a_key_out():
    found = diagnose(situation(PHONE, KEY, locked=True, disks=(Disk("/", 0, 100 * MIB),)))
    assert 'The key "rack 3" still opens the web interface.' in found.sentences


def test_where_only_the_paper_opens_that_is_what_is_said():
    found = diagnose(demanding(KEY, PAPER))
    assert found.causes == (Cause.REALM_TFA,)
    assert found.sentences[0] == (
        "root@pam gets in with a recovery key only: realm pam requires TOTP."
    )


def test_of_two_things_wrong_with_the_node_both_are_said():
    found = diagnose(cut_off(disks=(Disk("/", 0, 100 * MIB),)))
    assert found.sentences[:2] == (
        "/ of pve1 is full: PVE can store nothing.",
        "pve1 is cut off: the other two nodes run and have quorum without it.",
    )


def test_a_machine_without_a_database_is_not_told_to_start_pmxcfs():
    found = diagnose(situation(**BARE, database="", shadow=Shadow.NONE))
    assert found.sentences == (
        "There is no config.db here: this is no Proxmox VE node, or its database is gone.",
        "Nothing has been changed yet.",
    )


def test_where_no_password_can_be_right_that_is_said_before_the_factors():
    made = situation(PHONE, locked=True, shadow=Shadow.EXPIRED)
    found = diagnose(made)
    assert found.sentences[0] == (
        "root@pam cannot log in to the web interface: no password can be right."
    )
    (check,) = (check for check in found.checks if check.subject == "password")
    assert check.more == ()


def test_what_is_not_known_is_never_called_ok():
    blind = situation(
        PHONE,
        services={}, mount=Mount.UNKNOWN, disks=(), synchronised=None, shadow=Shadow.UNKNOWN,
        pmxcfs=None, trouble=("systemctl gave no answer.", "timedatectl is missing."),
    )  # fmt: skip
    told = lines(blind)
    assert told["node"] == (
        "LOOK quorate 3/3, services: not known, clock: not known, disk: not known"
    )
    assert told["password"].startswith("- ")
    assert told["not known"] == "- systemctl gave no answer."
    assert diagnose(blind).causes == ()


def test_from_another_machine_the_machine_is_not_judged():
    told = lines(situation(PHONE, here=False, services={}, mount=Mount.UNKNOWN, way="https"))
    assert told["node"] == "- quorate 3/3; its machine cannot be looked at from here"
    assert "/etc/pve" not in told
    found = diagnose(situation(PHONE, locked=True, here=False, way="https"))
    assert found.sentences[-1] == "Nothing has been changed yet."


def test_another_systems_disk_is_named():
    found = diagnose(situation(PHONE, rescue="/mnt", here=False, way="config.db"))
    assert found.sentences[0] == "PVE does not run here: these are the files below /mnt."


def test_the_better_ways_and_why_they_fail_open_the_line_of_the_way():
    made = situation(PHONE, way="files")
    node = replace(made.node, tried=(Tried("direct", "No API.", "Look at pvedaemon."),))
    check = next(one for one in diagnose(made._replace(node=node)).checks if one.subject == "way")
    assert check.text == "PVE's API does not answer: files, READ-ONLY"
    assert check.more == ("direct: No API. Look at pvedaemon.",)


@pytest.mark.parametrize(
    ("neighbours", "sentence"),
    [
        ((), "Asking the other nodes: pve2 and pve3 ..."),
        ((DEAD2,), "Asking the other nodes: pve3 ..."),
        ((DEAD2, DEAD3), "pve1 has no quorum, and none of the other 2 nodes answers."),
        (
            (PVE2._replace(quorate=False), DEAD3),
            "pve1 has no quorum; pve2 runs, and none of them is known to have it.",
        ),
        ((PVE2, DEAD3), "pve1 is cut off: pve2 runs and has quorum without it."),
    ],
)
def test_without_quorum_the_others_decide_what_is_said(neighbours, sentence):
    assert sentence in diagnose(cut_off(neighbours=neighbours)).sentences


def test_of_two_nodes_the_other_one_is_named():
    two = {"nodes": ("pve1", "pve2")}
    silent = diagnose(cut_off(neighbours=(DEAD2,), **two))
    assert silent.sentences[0] == "pve1 has no quorum, and pve2 does not answer."
    unclear = DEAD2._replace(alive=None, why="a port is refused")
    found = cut_off(neighbours=(unclear,), **two)
    told = "pve1 has no quorum; whether pve2 runs is not settled."
    assert diagnose(found).sentences[0] == told
    assert lines(found)["other nodes"] == "LOOK not settled whether pve2 runs: a port is refused"


def test_one_address_that_nobody_has_is_told():
    made = cut_off(links=(cut_off().condition.links[0]._replace(interface="", carrier=None),))
    told = "BAD no interface here has 10.0.0.1, the address of link 0"
    assert lines(made)["network"] == told


def test_the_clock_is_compared_with_the_others_by_their_median():
    one_wrong = (PVE2._replace(ahead=0.5), Neighbour("pve3", True, True, ahead=9000.0))
    assert Cause.CLOCK not in diagnose(situation(neighbours=one_wrong)).causes
    behind = tuple(one._replace(ahead=90.0) for one in one_wrong)
    assert lines(situation(neighbours=behind))["clock"].startswith("BAD 1 min behind")


def test_votes_that_somebody_lowered_are_told_although_all_is_well():
    told = lines(situation(votes=Votes(1, 1, 1)))
    assert told["votes"] == "LOOK 1 expected instead of 3: somebody lowered them"
    assert "votes" not in lines(situation())


def test_a_realm_that_is_not_there_is_a_cause():
    made = situation(userid="x@nowhere", lines=["user:x@nowhere:1:0:::::"])
    found = diagnose(made)
    assert found.causes == (Cause.NO_ACCOUNT,)
    assert "realm nowhere does not exist" in found.sentences[0]


def test_a_secret_from_before_tfa_cfg_is_told_where_the_realm_takes_it():
    made = demanding()
    old = picture("user:root@pam:1:0:::::ABCDEFGHIJKLMNOP:")
    made = made._replace(snapshot=replace(made.snapshot, access=old.access))
    assert lines(made)["TOTP"].startswith("LOOK an old one in user.cfg")


def test_a_code_that_was_right_in_the_future_shows_a_clock_that_is_behind():
    later = int(NOW + 3600) // 30
    data = {"totp": "otpauth://totp/x?secret=ABCDEFGHIJKLMNOP", "last-count": later}
    assert diagnose(situation(replace(PHONE, data=data))).causes == (Cause.CLOCK,)


def test_a_clock_without_a_server_is_only_a_look():
    made = situation(synchronised=False)
    assert lines(made)["clock"].startswith("LOOK follows no time server")
    assert diagnose(made).causes == ()


@pytest.mark.parametrize(
    ("userid", "line", "text"),
    [
        ("ann@pve", "user:ann@pve:1:0:::::", "ok a password in priv/shadow.cfg is set"),
        ("bob@corp", "user:bob@corp:1:0:::::",
         "LOOK depends on the directory of realm corp, not asked here"),
        ("eve@entra", "user:eve@entra:1:0:::::",
         "LOOK depends on the identity provider of realm entra, not asked here"),
        ("tom@pam", "user:tom@pam:1:0:::::",
         "- whether there is a Linux password is not known here"),
    ],
)  # fmt: skip
def test_the_password_of_each_kind_of_realm(userid, line, text):
    assert lines(situation(userid=userid, lines=[line]))["password"] == text


def test_a_key_that_has_no_settings_cannot_be_used():
    made = situation(KEY)
    bare = replace(
        made.snapshot, datacenter=part(made.snapshot.datacenter.value._replace(options={}))
    )
    told = lines(made._replace(snapshot=bare))
    assert told["key"].startswith('BAD "rack 3": cannot be used: WebAuthn is not set up')
    assert told["WebAuthn"].startswith("BAD ")


def test_a_realm_that_asks_a_provider_never_asks_for_factors_of_pve():
    made = situation(KEY, userid="eve@entra", lines=["user:eve@entra:1:0:::::"])
    assert "only the identity provider asks" in lines(made)["key"]


# --- what do you still have ---------------------------------------------------------------------


def test_the_questions_of_the_drawing():
    asked = questions(situation(PHONE, KEY, PAPER, locked=True))
    assert [(one.text, one.held) for one in asked] == [
        ('the phone "phone"', False),
        ('the key "rack 3"', True),
        ("the paper with the recovery keys", False),
    ]
    assert guessed(asked) == {KEY.id}


def test_a_locked_phone_is_thought_to_be_in_a_hand_where_nothing_else_works():
    assert guessed(questions(situation(PHONE, PAPER, locked=True))) == {PHONE.id}


def test_without_quorum_a_phone_is_not_lost():
    assert guessed(questions(cut_off(PHONE, KEY))) == {PHONE.id, KEY.id}


def test_nothing_is_asked_where_nothing_is_known():
    assert questions(unreadable()) == ()
    assert questions(situation()) == ()


def test_untrusted_names_are_made_plain():
    """R19: of a factor, of a node, of a disk."""
    evil = "\x1b[31mred\u202e"
    made = cut_off(
        factor("totp", evil),
        neighbours=(Neighbour(evil, True, None, why=evil),),
        disks=(Disk(evil, 0, 100 * MIB),),
        trouble=(evil,),
    )
    found = diagnose(made)
    shown = "".join((*found.sentences, *(text for check in found.checks for text in
                                         (check.text, *check.more))))  # fmt: skip
    assert shown.isprintable()
    assert questions(made)[0].text.isprintable()


def test_a_lock_that_somebody_holds_is_told_before_a_plan_waits_for_it():
    made = situation(PHONE, KEY)
    cluster = replace(made.snapshot.cluster.value, locks=("file-user_cfg",))
    held = replace(made.snapshot, cluster=made.snapshot.cluster._replace(value=cluster))
    said = lines(made._replace(snapshot=held))
    assert said["lock"].startswith("LOOK file-user_cfg: somebody holds it")
    assert "lock" not in lines(made)

"""The ways back: which are offered, in which order, and what each of them asks for."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.plan import ApiCall, HostCommand, Weight
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.recover.condition import Disk, Ha, Mount, Pmxcfs, Service, Shadow, Votes
from pve_auth_tui.core.recover.have import guessed, questions
from pve_auth_tui.core.recover.ways import Kind, ways_back
from tests.core.pictures import NOW, PVE, factor, picture
from tests.core.recovering import (
    DEAD2,
    DEAD3,
    KEY,
    LINK,
    MIB,
    PAPER,
    PHONE,
    PVE2,
    PVE3,
    cut_off,
    services,
    situation,
)

OATH = Realm("pam", "pam", {"tfa": "type=oath"})
OTHERS_DEAD = {"neighbours": (DEAD2, DEAD3)}


def offered(made, *held):
    """By the first guess, or what is named."""
    return ways_back(made, frozenset(held) if held else guessed(questions(made)))


def ids(made, *held):
    return [way.id for way in offered(made, *held)]


def way(made, ident, *held):
    return next(one for one in offered(made, *held) if one.id == ident)


def plan(made, ident, *held):
    return make_plan(way(made, ident, *held).intent, made.snapshot, now=made.now)


def commands(made, ident):
    return [" ".join(step.argv) for step in plan(made, ident).steps]


def told(one):
    return " ".join(line.text for line in one.lines)


# --- the login ----------------------------------------------------------------------------------


def test_nothing_wrong_says_what_to_type():
    made = situation(PHONE, KEY)
    assert ids(made) == ["browser", "password"]
    shown = told(way(made, "browser"))
    assert "Open https://pve1.example.com:8006 in a browser." in shown
    assert "User name: root" in shown
    assert "Realm: Linux PAM standard authentication" in shown
    assert "passwd root" in way(made, "password").title


def test_the_drawing_of_a_lost_phone():
    made = situation(PHONE, KEY, PAPER, locked=True)
    assert [(one.title, one.kind) for one in offered(made)] == [
        ('log in with the key "rack 3"', Kind.SHOW),
        ('remove the phone "phone" and its lock, keep the rest', Kind.PLAN),
        ('remove everything but the key "rack 3"', Kind.PLAN),
        ("a second administrator for some hours", Kind.ASK),
        ("remove all second factors of root@pam", Kind.PLAN),
    ]


def test_a_locked_phone_in_the_hand_is_unlocked_first_and_with_one_key():
    """At most four keys from the start: the first way, and one y."""
    made = situation(PHONE, locked=True)
    assert ids(made) == ["unlock", "temporary", "remove-all"]
    found = plan(made, "unlock")
    assert found.weight is not Weight.HEAVY
    assert not found.confirm
    assert not found.refusal


@pytest.mark.parametrize("entries", [(PHONE,), (PHONE, PAPER), (PHONE, KEY), (PHONE, KEY, PAPER)])
def test_with_a_locked_totp_the_first_way_is_light(entries):
    first = offered(situation(*entries, locked=True))[0]
    assert first.id in ("unlock", "use")


def test_only_removing_everything_is_heavy():
    """Of an API's picture, too, in which no secret could be kept for an undo."""
    made = situation(PHONE, KEY, PAPER, locked=True)
    heavy = {
        one.id
        for one in offered(made)
        if one.intent and make_plan(one.intent, made.snapshot, now=NOW).weight is Weight.HEAVY
    }
    assert heavy == {"remove-all"}
    assert plan(made, "remove-all").confirm == "root@pam"


def test_the_lock_goes_before_the_last_factor():
    """PVE knows nobody of that name when the last one is gone."""
    steps = plan(situation(PHONE, KEY, locked=True), "remove-lost").steps
    assert [step.path[-1] for step in steps] == ["unlock-tfa", PHONE.id]


def test_a_lost_key_is_removed_and_the_phone_used():
    made = situation(PHONE, KEY)
    assert ids(made, PHONE.id) == [
        *("browser", "use", "remove-lost", "password", "temporary", "remove-all")
    ]
    assert way(made, "use", PHONE.id).title == 'log in with the phone "phone"'


def test_whoever_has_nothing_is_offered_the_second_administrator_before_everything_goes():
    made = situation(PHONE, KEY)
    found = [one.id for one in ways_back(made, frozenset())]
    assert found == ["browser", "password", "temporary", "remove-all"]


def test_the_paper_alone_is_used_and_the_use_is_told():
    made = situation(PHONE, PAPER, locked=True)
    used = way(made, "use", PAPER.id)
    assert used.note == "uses one of them up"
    assert "Recovery Key" in told(used)


@pytest.mark.parametrize(
    "changed",
    [
        services(pvedaemon=Service.FAILED),
        services(pveproxy=Service.FAILED),
        {"mount": Mount.BARE, "pmxcfs": None, "way": "config.db"},
        {"mount": Mount.HANGS},
        {"shadow": Shadow.LOCKED},
        {"lines": ["user:root@pam:0:0:::::"]},
        {"rescue": "/mnt", "here": False},
    ],
)
def test_a_key_is_no_way_in_while_no_login_works(changed):
    made = situation(PHONE, KEY, PAPER, locked=True, **changed)
    assert "use" not in ids(made)


@pytest.mark.parametrize(
    ("line", "params"),
    [
        ("user:root@pam:0:0:::::", {"enable": 1}),
        ("user:root@pam:1:1:::::", {"expire": 0}),
        ("user:root@pam:0:1:::::", {"enable": 1, "expire": 0}),
    ],
)
def test_a_disabled_or_expired_account_is_enabled(line, params):
    made = situation(lines=[line])
    assert ids(made)[0] == "enable"
    assert plan(made, "enable").title == way(made, "enable").title
    (step,) = plan(made, "enable").steps
    assert step == ApiCall("PUT", ("access", "users", "root@pam"), params)
    assert plan(made, "enable").weight is not Weight.HEAVY


def test_a_realm_that_demands_what_is_not_there_comes_after_the_factors():
    made = situation(KEY)
    made = made._replace(snapshot=replace(made.snapshot, realms=picture(realms=(OATH, PVE)).realms))
    assert ids(made) == ["realm-tfa", "temporary", "remove-all"]
    (step,) = plan(made, "realm-tfa").steps
    assert (step.method, step.path, step.params) == (
        "PUT", ("access", "domains", "pam"), {"delete": "tfa"},
    )  # fmt: skip
    assert "root@pam" in told(way(made, "remove-all"))  # it alone would not help


def demanding(made, what):
    realm = Realm("pam", "pam", {"tfa": f"type={what}"})
    return made._replace(
        snapshot=replace(made.snapshot, realms=picture(realms=(realm, PVE)).realms)
    )


def test_a_lock_on_what_the_realm_does_not_take_is_no_way_back():
    """PVE never asks for that TOTP: without its lock nobody would get in either."""
    assert ids(demanding(situation(PHONE, locked=True), "yubico")) == [
        *("realm-tfa", "temporary", "remove-all")
    ]
    assert ids(demanding(situation(PHONE, locked=True), "oath"))[0] == "unlock"


def test_a_lost_phone_in_a_realm_that_demands_it_leads_to_the_realm():
    """A locked one in the hand is unlocked instead."""
    for locked in (False, True):
        made = demanding(situation(PHONE, locked=locked), "oath")
        lost = [one.id for one in ways_back(made, frozenset())]
        assert lost.index("realm-tfa") < lost.index("temporary") < lost.index("remove-all")
        assert "realm-tfa" not in ids(made, PHONE.id)
    assert "realm-tfa" not in ids(demanding(cut_off(PHONE), "oath"))  # without quorum of no use


@pytest.mark.parametrize("demand", ["oath", "yubico"])
def test_removing_everything_promises_no_login_that_the_realm_refuses(demand):
    made = demanding(situation(PHONE, locked=True), demand)
    last = way(made, "remove-all")
    assert "password alone" not in f"{last.note} {told(last)}"
    assert "Take Require TFA off the realm first" in told(last)
    found = plan(made, "remove-all")
    assert (found.weight, found.confirm) == (Weight.HEAVY, "root@pam")
    assert not any("password alone" in effect.text for effect in found.changes)


def test_a_password_that_cannot_be_right_is_set():
    assert ids(situation(shadow=Shadow.EXPIRED)) == ["password", "temporary"]


def test_who_does_not_exist_gets_no_factors_removed():
    assert ids(situation(userid="gone@pve")) == ["temporary"]


def test_pvesh_carries_no_password_of_a_new_administrator():
    """R8: argv is readable by everybody."""
    made = situation(PHONE, locked=True, way="pvesh")
    assert way(made, "temporary").kind is Kind.SHOW
    assert way(situation(PHONE, locked=True), "temporary").kind is Kind.ASK


@pytest.mark.parametrize("how", [{"read_only": True}, {"way": "files"}])
def test_where_nothing_carries_a_change_the_steps_are_shown(how):
    made = situation(PHONE, locked=True, **how)
    unlock = way(made, "unlock")
    assert unlock.kind is Kind.SHOW
    assert "pveum user tfa unlock root@pam" in told(unlock)
    assert "not by this program" in told(unlock)


# --- the machine --------------------------------------------------------------------------------


def test_dead_daemons_are_started_anew():
    made = situation(**services(pvedaemon=Service.FAILED, pveproxy=Service.STOPPED))
    assert ids(made) == ["daemons"]
    assert commands(made, "daemons") == [
        "/usr/bin/systemctl reset-failed pvedaemon",
        "/usr/bin/systemctl restart pvedaemon pveproxy",
    ]
    found = plan(made, "daemons")
    assert found.weight is Weight.ORDINARY
    assert "journalctl -b -u pvedaemon" in told(way(made, "daemons"))
    assert "updatecerts" in told(way(made, "daemons"))


def test_a_full_disk_comes_before_what_needs_it():
    made = situation(
        disks=(Disk("/", 0, 100 * MIB),), mount=Mount.BARE, pmxcfs=None, way="config.db",
        **services(pve_cluster=Service.FAILED),
    )  # fmt: skip
    assert ids(made)[:3] == ["room", "look-room", "start-pmxcfs"]
    assert commands(made, "room") == [
        "/usr/bin/journalctl --vacuum-size=200M", "/usr/bin/apt-get clean",
    ]  # fmt: skip
    assert "evidence" in told(way(made, "room"))


def test_a_disk_without_journal_and_packages_is_only_looked_at():
    assert ids(situation(disks=(Disk("/data", 0, 100 * MIB),))) == ["look-room"]


def test_a_read_only_disk_is_looked_at_first():
    made = situation(disks=(Disk("/", 50 * MIB, 100 * MIB, True),))
    assert way(made, "read-only").kind is Kind.SHOW


def test_a_wrong_clock_is_set_by_its_servers():
    made = situation(neighbours=(PVE2._replace(ahead=600.0),))
    assert commands(made, "clock") == ["/usr/bin/chronyc makestep"]


def test_without_a_database_pmxcfs_is_not_started():
    """It would make an empty one."""
    made = situation(mount=Mount.BARE, pmxcfs=None, database="", way="files")
    assert ids(made) == ["other-root"]
    assert "--root /mnt recover" in told(way(made, "other-root"))


def test_pmxcfs_that_failed_is_started_after_systemd_forgot_that():
    made = situation(
        mount=Mount.BARE, pmxcfs=None, way="config.db", **services(pve_cluster=Service.FAILED)
    )
    assert commands(made, "start-pmxcfs") == [
        "/usr/bin/systemctl reset-failed pve-cluster",
        "/usr/bin/systemctl start pve-cluster",
    ]


@pytest.mark.parametrize(
    ("condition", "first"),
    [
        ({"mount": Mount.HANGS}, "/usr/bin/systemctl stop pve-cluster"),
        (
            {"mount": Mount.HANGS, **services(pve_cluster=Service.FAILED)},
            "/usr/bin/kill -9 1000",
        ),
        (
            {"mount": Mount.BROKEN, "pmxcfs": None, **services(pve_cluster=Service.STOPPED)},
            "/usr/bin/umount -l /etc/pve",
        ),
    ],
)
def test_a_dead_mount_is_taken_away_by_what_is_there(condition, first):
    """Reference, transports.md: end it, lazy unmount, its lock file, start."""
    made = situation(way="config.db", **condition)
    steps = commands(made, "dead-mount")
    assert steps[0] == first
    assert steps[-1] == "/usr/bin/systemctl start pve-cluster"
    assert "/usr/bin/umount -l /etc/pve" in steps
    assert "/usr/bin/rm -f /var/lib/pve-cluster/.pmxcfs.lockfile" in steps
    assert "Not tried with a real pmxcfs" in told(way(made, "dead-mount"))


def test_local_mode_is_handed_back_with_a_copy_first():
    made = situation(
        pmxcfs=Pmxcfs(4711, True), ha=Ha(2, 1, None), neighbours=(DEAD2, DEAD3),
        **services(pve_ha_lrm=Service.STOPPED, pve_cluster=Service.STOPPED),
    )  # fmt: skip
    steps = commands(made, "hand-back")
    assert steps[0].startswith("/usr/bin/cp --archive")
    assert steps[1:] == [
        "/usr/bin/kill 4711",
        "/usr/bin/systemctl start pve-cluster",
        "/usr/bin/systemctl start pve-ha-lrm",
    ]
    assert not plan(made, "hand-back").confirm
    assert "one side wins" in told(way(made, "hand-back"))


def test_handing_back_to_nodes_that_run_is_typed():
    made = situation(pmxcfs=Pmxcfs(4711, True), neighbours=(PVE2, PVE3))
    assert plan(made, "hand-back").confirm == "pve1"


def test_another_systems_disk_says_how_to_boot():
    made = situation(PHONE, locked=True, rescue="/mnt", here=False, way="config.db", pmxcfs=None)
    assert ids(made)[0] == "boot"
    assert "chroot /mnt passwd root" in told(way(made, "boot"))
    unlock = told(way(made, "unlock"))
    assert unlock.index("pmxcfs -l") < unlock.index("pveum user tfa unlock")


# --- no quorum ----------------------------------------------------------------------------------


def test_the_drawing_of_a_node_that_is_cut_off():
    made = cut_off(PHONE, KEY)
    assert [(one.title, one.note, one.kind) for one in offered(made)[:3]] == [
        (
            "use pve2, it has quorum",
            "https://pve2.example.com:8006, or: ssh pve2",
            Kind.SHOW,
        ),
        ("repair the link", "plug ens5f0 in; this screen sees it by itself", Kind.SHOW),
        ("log in here with the key", "to look only; start and stop need quorum", Kind.SHOW),
    ]
    assert [(one.id, one.kind) for one in offered(made)[3:]] == [
        ("expected", Kind.REFUSED),
        ("local-mode", Kind.REFUSED),
    ]
    refusal = plan(made, "expected").refusal
    assert refusal.startswith("pve2 and pve3 are alive")
    assert refusal.endswith("Two halves that both write cannot be merged again.")
    assert plan(made, "expected").confirm == "pve1"


@pytest.mark.parametrize(
    ("neighbours", "kind"),
    [
        ((), Kind.REFUSED),
        ((DEAD2,), Kind.REFUSED),
        ((PVE2, DEAD3), Kind.REFUSED),
        ((PVE2._replace(quorate=None), DEAD3), Kind.REFUSED),
        ((PVE2._replace(quorate=False), DEAD3), Kind.PLAN),
        ((DEAD2, DEAD3), Kind.PLAN),
    ],
)
def test_this_node_counts_alone_only_when_nobody_has_quorum_or_may_have_it(neighbours, kind):
    made = cut_off(neighbours=neighbours)
    assert way(made, "expected").kind is kind
    assert plan(made, "expected").weight is Weight.HEAVY
    assert plan(made, "expected").confirm == "pve1"
    assert way(made, "local-mode").kind is Kind.REFUSED  # corosync runs


def test_alone_is_offered_after_repair_and_after_the_other_nodes():
    made = cut_off(KEY, **OTHERS_DEAD)
    assert ids(made) == ["repair", "start-other", "look-here", "expected", "local-mode"]
    assert commands(made, "expected") == ["/usr/bin/pvecm expected 1"]
    assert "pvecm expected 3" in told(way(made, "expected"))


def test_one_that_runs_without_quorum_is_warned_of():
    made = cut_off(neighbours=(PVE2._replace(quorate=False), DEAD3))
    notes = " ".join(note.text for note in plan(made, "expected").findings)
    assert "pve2 runs, too" in notes


def test_ha_and_an_armed_watchdog_are_said_before_anything_counts_alone():
    made = cut_off(ha=Ha(2, 2, True), **OTHERS_DEAD)
    notes = " ".join(note.text for note in plan(made, "expected").findings)
    assert "HA manages services" in notes
    assert "watchdog is armed" in notes


def test_a_corosync_that_is_dead_for_good_leads_through_local_mode():
    made = cut_off(**OTHERS_DEAD, ha=Ha(1, 0, False), **services(corosync=Service.FAILED))
    assert ids(made) == ["repair", "corosync", "start-other", "look-here", "local-mode"]
    assert commands(made, "corosync") == [
        "/usr/bin/systemctl reset-failed corosync", "/usr/bin/systemctl restart corosync",
    ]  # fmt: skip
    stop, stop_pmxcfs, copy, start = commands(made, "local-mode")
    assert stop == "/usr/bin/systemctl stop pve-ha-lrm pve-ha-crm"
    assert stop_pmxcfs == "/usr/bin/systemctl stop pve-cluster"
    assert copy.startswith(
        "/usr/bin/cp --archive --no-target-directory /var/lib/pve-cluster /root/"
    )
    assert start == "/usr/bin/pmxcfs -l"
    found = plan(made, "local-mode")
    assert (found.weight, found.confirm, found.refusal) == (Weight.HEAVY, "pve1", "")
    assert "local database only" in told(way(made, "local-mode"))


def test_local_mode_stays_refused_while_anybody_runs():
    made = cut_off(
        neighbours=(PVE2._replace(quorate=False), DEAD3), **services(corosync=Service.FAILED)
    )
    assert way(made, "local-mode").kind is Kind.REFUSED
    assert "expected" not in ids(made)  # it needs a corosync that runs


def test_a_qdevice_that_gives_no_vote_is_started():
    made = cut_off(**OTHERS_DEAD, **services(corosync_qdevice=Service.FAILED))
    assert "/usr/bin/systemctl restart corosync-qdevice" in commands(made, "qdevice")


def test_from_another_machine_the_node_itself_is_shown():
    made = cut_off(here=False, way="https", services={}, links=None, neighbours=())
    assert ids(made) == ["on-node", "look-here"]


def test_two_node_is_explained():
    made = cut_off(**OTHERS_DEAD, votes=Votes(1, 2, 1, two_node=True))
    assert "two_node is set" in told(way(made, "start-other"))


def test_a_link_that_is_well_needs_no_repair():
    assert "repair" not in ids(cut_off(links=(LINK,)))


def test_lowered_votes_are_given_back():
    made = situation(votes=Votes(1, 1, 1))
    assert ids(made)[-1] == "votes-back"
    assert commands(made, "votes-back") == ["/usr/bin/pvecm expected 3"]
    assert "votes-back" not in ids(situation())


def test_a_lock_without_quorum_is_shown_for_the_node_that_has_it():
    made = cut_off(PHONE, locked=True)
    unlock = way(made, "unlock")
    assert (unlock.kind, unlock.note) == (Kind.SHOW, "by hand: needs quorum first")


def test_no_login_here_is_promised_where_its_daemons_are_dead():
    assert "look-here" not in ids(cut_off(KEY, **services(pveproxy=Service.FAILED)))


# --- all of them --------------------------------------------------------------------------------


EVERY = [
    situation(PHONE, KEY, PAPER, locked=True),
    situation(lines=["user:root@pam:0:1:::::"]),
    situation(**services(pvedaemon=Service.FAILED, pveproxy=Service.FAILED)),
    situation(disks=(Disk("/", 0, 100 * MIB),)),
    situation(mount=Mount.HANGS, way="config.db"),
    situation(mount=Mount.BARE, pmxcfs=None, way="config.db"),
    situation(pmxcfs=Pmxcfs(7, True)),
    situation(neighbours=(PVE2._replace(ahead=600.0),)),
    cut_off(PHONE, KEY),
    cut_off(PHONE, KEY, **OTHERS_DEAD),
    cut_off(**OTHERS_DEAD, **services(corosync=Service.FAILED)),
    situation(votes=Votes(1, 1, 1)),
    situation(factor("totp", "x"), until=int(NOW) + 60),
]


@pytest.mark.parametrize("made", EVERY)
def test_each_way_says_what_it_changes_risks_and_how_it_ends(made):
    for one in offered(made):
        headings = [line.heading for line in one.lines]
        assert {"Changes", "Risks", "Taken back"} <= set(headings), one.id
        assert all(line.text for line in one.lines), one.id
        assert one.title
        assert one.note
        assert (one.intent is None) == (one.kind in (Kind.SHOW, Kind.ASK))


@pytest.mark.parametrize("made", EVERY)
def test_each_plan_can_be_made_and_its_commands_have_absolute_paths(made):
    for one in offered(made):
        if one.intent is None:
            continue
        found = make_plan(one.intent, made.snapshot, now=made.now)
        again = make_plan(one.intent, made.snapshot, now=made.now + 30)
        assert found.steps == again.steps, "the plan that runs is the one that was shown"
        for step in found.steps:
            assert not isinstance(step, HostCommand) or step.argv[0].startswith("/usr/bin/")


@pytest.mark.parametrize("made", EVERY)
def test_ids_are_unique_and_refused_ones_come_last(made):
    found = offered(made)
    assert len({one.id for one in found}) == len(found)
    kinds = [one.kind is Kind.REFUSED for one in found]
    assert kinds == sorted(kinds)


def test_a_node_that_was_asked_without_a_clear_answer_may_live():
    """Refused port, other certificate, no way there: neither "not asked yet" nor dead."""
    unclear = PVE2._replace(
        alive=None, quorate=None, address="", web="", why="192.0.2.2 refuses port 8006"
    )
    made = cut_off(PHONE, KEY, neighbours=(unclear, DEAD3))
    for ident in ("expected", "local-mode"):
        found = way(made, ident)
        assert found.kind is Kind.REFUSED
        assert found.note.startswith("pve2 may be alive: 192.0.2.2 refuses port 8006.")
    assert "start one of pve2 and pve3" in [one.title for one in offered(made)]

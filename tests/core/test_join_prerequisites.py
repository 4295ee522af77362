"""Each row of the check before a join: facts in, a word and a sentence out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.join import seen
from pve_auth_tui.core.join.adtimes import generalized_time, windows_time
from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.model import JoinWish, Membership, NodeState, Topic
from pve_auth_tui.core.join.packages import NEEDED, PackagePreview
from pve_auth_tui.core.join.prerequisites import (
    account,
    backup,
    discovery,
    host_name,
    membership,
    others,
    package_state,
    pam,
    sudo,
)
from pve_auth_tui.core.join.reachable import PortSight, clock, dns, ports, srv
from tests.core.replay import SUITES, said, told

AD = "ad.example.com"
WISH = JoinWish(AD)
NODE = NodeState(short="pve1", fqdn="pve1.ad.example.com")
DC1, DC2 = "dc01.ad.example.com", "dc02.ad.example.com"
DCS = {DC1: ("192.0.2.10",), DC2: ("192.0.2.11",)}
NOW = 1795262400.0  # 2026-11-21 12:00 UTC
DAY = 86400


def joined_to(domain):
    return replace(NODE, memberships=(Membership(domain, configured="kerberos-member"),))


def seen_of(check, heading):
    return [fact.text for fact in check.facts if fact.heading == heading]


# --- membership --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "sssd_conf", "word", "causes"),
    [
        (NODE, "", "ok", ()),
        (joined_to("AD.example.com"), "", "BAD", (C.ALREADY_MEMBER,)),
        (joined_to("old.example.com"), "", "BAD", (C.OTHER_MEMBER,)),
        (replace(NODE, memberships=(Membership(AD),)), "", "ok", ()),
        (NODE, "[sssd]\ndomains =\n", "ok", ()),  # what `realm leave` leaves
        (NODE, "[domain/ad.example.com]\nid_provider = ad\n", "LOOK", (C.LEFTOVERS,)),
        (NODE, "[sssd]\ndomains = x, AD.example.com\n", "BAD", (C.LEFTOVERS,)),
        (NODE, "[domain/ldap]\nid_provider = ldap\n", "LOOK", (C.SSSD_OTHER,)),
        (NODE, "this is no file of sssd", "BAD", (C.SSSD_CONFIG,)),
        (replace(NODE, principals=("host/pve1@OLD",)), "", "LOOK", (C.LEFTOVERS,)),
    ],
)
def test_membership(state, sssd_conf, word, causes):
    check = membership(state, AD, sssd_conf)
    assert (check.topic, check.word, check.causes) == (Topic.MEMBER, word, causes)


def test_a_file_of_conf_d_that_says_who_may_log_in():
    path = "/etc/sssd/conf.d/99-site.conf"
    check = membership(NODE, AD, "", {path: f"[domain/{AD}]\naccess_provider = permit\n"})
    assert (check.word, check.causes) == ("BAD", (C.ACCESS_ELSEWHERE,))
    assert seen_of(check, seen.FILES) == [path]


# --- host name -----------------------------------------------------------------------------------


def test_a_host_name_that_is_well():
    check = host_name(NODE, WISH, ["192.0.2.20"])
    assert (check.word, check.text) == (
        "ok",
        "pve1.ad.example.com; NetBIOS PVE1, 4 of 15 characters",
    )


def test_a_long_name_is_cut():
    state = replace(NODE, short="proxmox-node-frankfurt-07", fqdn=f"proxmox-node-frankfurt-07.{AD}")
    check = host_name(state, WISH)
    assert (check.word, check.causes) == ("LOOK", (C.NAME_TOO_LONG,))
    assert "cut to PROXMOX-NODE-FR" in check.text
    assert seen_of(check, seen.PROPOSED) == ["PROXMOX-NODE-07"]


def test_a_long_name_that_another_node_has_too_is_bad():
    state = replace(NODE, short="proxmox-node-frankfurt-07", fqdn=f"proxmox-node-frankfurt-07.{AD}")
    check = host_name(state, WISH, (), ["proxmox-node-frankfurt-08", "pve9"])
    assert (check.word, check.causes) == ("BAD", (C.NAME_TOO_LONG,))
    assert seen_of(check, seen.NODES) == ["proxmox-node-frankfurt-08"]


def test_a_long_name_does_not_matter_when_another_was_chosen():
    state = replace(NODE, short="proxmox-node-frankfurt-07", fqdn=f"proxmox-node-frankfurt-07.{AD}")
    assert host_name(state, replace(WISH, computer="PVE-RACK7")).word == "ok"


@pytest.mark.parametrize(
    ("state", "addresses", "word", "causes"),
    [
        (replace(NODE, fqdn=""), (), "LOOK", (C.NO_FQDN,)),
        (replace(NODE, fqdn="pve1"), (), "LOOK", (C.NO_FQDN,)),
        (replace(NODE, fqdn="pve1.rack.example.net"), (), "LOOK", (C.OTHER_DOMAIN,)),
        (replace(NODE, fqdn="PVE1.AD.EXAMPLE.COM"), (), "ok", ()),
        (NODE, ("127.0.1.1",), "LOOK", (C.LOOPBACK_NAME,)),
        (NODE, ("::1", "192.0.2.20"), "LOOK", (C.LOOPBACK_NAME,)),
        (replace(NODE, short="pve_1", fqdn=f"pve_1.{AD}"), (), "BAD", (C.NAME_UNFIT,)),
        (NodeState(), (), "BAD", (C.NAME_UNFIT, C.NO_FQDN)),
    ],
)
def test_host_names(state, addresses, word, causes):
    check = host_name(state, WISH, addresses)
    assert (check.word, check.causes) == (word, causes)


# --- DNS, ports, clock ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resolvers", "text"),
    [
        (("192.0.2.10",), "192.0.2.10, a domain controller"),
        (("192.0.2.10", "192.0.2.11"), "192.0.2.10 and 192.0.2.11, both domain controllers"),
    ],
)
def test_a_node_that_asks_domain_controllers(resolvers, text):
    check = dns(resolvers, DCS)
    assert (check.word, check.text) == ("ok", text)


def test_one_that_asks_somebody_else_besides():
    check = dns(("192.0.2.10", "192.0.2.53"), DCS)
    assert (check.word, check.causes) == ("LOOK", (C.DNS_FOREIGN,))
    assert check.text == "192.0.2.53 is no domain controller"
    assert seen_of(check, seen.FOREIGN) == ["192.0.2.53"]


def test_without_servers_and_without_answers():
    assert dns((), DCS).causes == (C.DNS_SILENT,)
    silent = dns(("192.0.2.10",), {}, C.DNS_SILENT)
    assert (silent.word, silent.causes) == ("BAD", (C.DNS_SILENT,))
    assert dns(("192.0.2.10",), {}).word == "-"  # nothing to compare with: SRV says why


@pytest.mark.parametrize(
    ("ldap", "kerberos", "unresolved", "word", "causes"),
    [
        ((DC1, DC2), (DC1, DC2), (), "ok", ()),
        ((), (), (), "BAD", (C.NO_SRV,)),
        ((DC1,), (), (), "BAD", (C.NO_SRV,)),
        ((DC1, DC2), (DC1,), (DC2,), "LOOK", (C.DC_NAME_UNKNOWN,)),
        ((DC1,), (DC1,), (DC1,), "BAD", (C.DC_NAME_UNKNOWN,)),
    ],
)
def test_srv_records(ldap, kerberos, unresolved, word, causes):
    check = srv(ldap, kerberos, unresolved)
    assert (check.word, check.causes) == (word, causes)


def test_srv_records_in_words():
    assert srv((DC1, DC2), (DC1, DC2)).text == "2 x ldap, 2 x kerberos; all names resolve"
    assert srv((), (DC1,)).text == "none for ldap"
    assert srv((), (), (), C.DNS_SILENT).causes == (C.DNS_SILENT,)


def sights(*closed):
    """All three ports of both domain controllers, without those that are closed."""
    trouble = {(host, port): cause for host, port, cause in closed}
    return [
        PortSight(host, port, trouble.get((host, port)))
        for host in ("dc01", "dc02")
        for port in (88, 389, 464)
    ]


@pytest.mark.parametrize(
    ("closed", "word", "causes", "text"),
    [
        ((), "ok", (), "88 389 464 open on both"),
        (
            (("dc02", 464, C.PORT_SILENT),),
            "LOOK",
            (C.PORT_SILENT,),
            "464 not answered by dc02; all open on dc01",
        ),
        (
            (("dc01", 88, C.PORT_REFUSED), ("dc02", 389, C.PORT_SILENT)),
            "BAD",
            (C.PORT_SILENT, C.PORT_REFUSED),
            "88 refused by dc01 and 389 not answered by dc02",
        ),
    ],
)
def test_ports(closed, word, causes, text):
    check = ports(sights(*closed))
    assert (check.word, check.causes, check.text) == (word, causes, text)


def test_no_ports_without_domain_controllers():
    assert ports(()).word == "-"


@pytest.mark.parametrize(
    ("offsets", "word", "text"),
    [
        ({"dc01": 0.4}, "ok", "0.4 s behind dc01 (its own time; limit 2 min)"),
        ({"dc01": 0.0}, "ok", "the same as dc01 (its own time; limit 2 min)"),
        ({"dc01": 120.0}, "ok", "2 min behind dc01 (its own time; limit 2 min)"),
        ({"dc01": 1, "dc02": -121}, "LOOK", "2 min ahead of dc02; 5 min is the limit of Kerberos"),
        ({"dc01": 300.0}, "LOOK", "5 min behind dc01; 5 min is the limit of Kerberos"),
        ({"dc01": 301.0}, "BAD", "5 min behind dc01; 5 min is the limit of Kerberos"),
        (
            {"dc01": 4_000_000, "dc02": None},
            "BAD",
            "46 d behind dc01; 5 min is the limit of Kerberos",
        ),
        ({"dc01": None}, "LOOK", "no domain controller told its time"),
        ({}, "LOOK", "no domain controller told its time"),
    ],
)
def test_clocks(offsets, word, text):
    """How far a domain controller's clock is ahead of this node's."""
    check = clock(offsets)
    assert (check.word, check.text) == (word, text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20261121120000.0Z", NOW),
        ("20261121120000Z", NOW),
        ("202611211200Z", NOW),
        ("2026112112Z", NOW),
        ("20261121120000.25Z", NOW + 0.25),
        ("202611211200.5Z", NOW + 30),
        ("20261121130000+0100", NOW),
        ("20261121063000-0530", NOW),
        ("20261121125960Z", NOW + 3599),  # a leap second
    ],
)
def test_a_directorys_time(text, seconds):
    assert generalized_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "now", "20261321120000Z", "20261121120000", "00000000000000Z", "٢٠٢٦١١٢١١٢٠٠٠٠Z"]
)
def test_what_is_no_time(text):
    assert generalized_time(text) is None


def test_the_recorded_time_of_a_domain_controller():
    line = said("clock+600-rootdse").out[1]
    assert generalized_time(line.removeprefix("currentTime: ")) == 1795301741.0


@given(st.text(max_size=30))
def test_no_time_makes_them_fail(text):
    generalized_time(text)
    windows_time(text)


# --- what the node's tools say -------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES)
def test_discovery(suite):
    found = discovery(said("discover-ok", suite))
    assert (found.word, found.text) == ("ok", "realmd found AD.LAB.TEST, Active Directory")
    blocked = discovery(said("discover-drop-ldap", suite))
    assert (blocked.word, blocked.causes) == ("BAD", (C.NO_LDAP,))
    assert "Can't contact LDAP server" in blocked.original


def test_a_discovery_without_an_end():
    hangs = discovery(told("realm", None, "", " * Resolving: _ldap._tcp.ad.example.com"))
    assert (hangs.word, hangs.causes) == ("BAD", (C.TIMED_OUT,))
    assert hangs.text == "realmd gave no answer in time"


def states(*lacking):
    return {name: "ii" for name in NEEDED if name not in lacking}


@pytest.mark.parametrize(
    ("lacking", "preview", "word", "causes", "text"),
    [
        ((), None, "ok", (), "all 8 are installed"),
        (("adcli",), None, "LOOK", (C.PACKAGES_MISSING,), "adcli missing"),
        (
            ("adcli", "sssd"),
            PackagePreview(("adcli", "sssd", "sssd-ad")),
            "LOOK",
            (C.PACKAGES_MISSING,),
            "adds adcli, sssd and sssd-ad; no upgrades",
        ),
        (
            ("adcli",),
            PackagePreview(("adcli",), ("libc6",), ("winbind",), (), (C.PACKAGES_UPGRADE,)),
            "LOOK",
            (C.PACKAGES_UPGRADE, C.PACKAGES_MISSING),
            "needs 1 package; upgrades libc6, removes winbind",
        ),
        (
            ("adcli",),
            PackagePreview(causes=(C.PACKAGES_UNKNOWN,)),
            "BAD",
            (C.PACKAGES_UNKNOWN, C.PACKAGES_MISSING),
            "adcli missing, and apt cannot get it",
        ),
    ],
)
def test_packages(lacking, preview, word, causes, text):
    check = package_state(states(*lacking), preview)
    assert (check.word, check.causes, check.text) == (word, causes, text)


def shown(host, changed="134389584000000000"):
    """As adcli prints an account: a name at the margin, its values below."""
    lines = ["sAMAccountName:", " PVE1$", "dNSHostName:", f" {host}", "pwdLastSet:", f" {changed}"]
    return told("adcli", 0, "\n".join(lines))


def test_an_account_that_nobody_looked_for():
    check = account(WISH, NODE, None, NOW)
    assert (check.word, check.causes) == ("LOOK", (C.ACCOUNT_UNKNOWN,))


def test_a_name_that_is_free():
    gone = told("adcli", 1, "", "adcli: No computer account for PVE1$ exists")
    check = account(WISH, NODE, gone, NOW)
    assert (check.word, check.causes, check.text) == ("ok", (), "PVE1$ is free")


def test_an_account_of_another_host():
    check = account(WISH, NODE, shown("pve1.old.example.com"), NOW, cluster="rack")
    assert (check.word, check.causes) == ("BAD", (C.ACCOUNT_OF_OTHER,))
    assert check.text == "PVE1$ exists and belongs to pve1.old.example.com"
    assert seen_of(check, seen.HOLDER) == ["pve1.old.example.com"]
    assert seen_of(check, seen.PASSWORD_SET) == ["9 d ago"]
    assert seen_of(check, seen.PROPOSED) == ["PVE1-RACK"]


@pytest.mark.parametrize("suite", ["lab-bookworm", "lab-trixie"])
def test_accounts_as_adcli_really_prints_them(suite):
    there = said("account-there", suite)
    mine = NodeState(short="pve1", fqdn="pve1.ad.lab.test")
    then = next(line for line in there.out if line.startswith(" 134"))  # pwdLastSet
    check = account(WISH, mine, there, windows_time(then.strip()) + 9 * DAY)
    assert (check.word, check.causes) == ("LOOK", (C.ACCOUNT_EXISTS,))
    assert seen_of(check, seen.HOLDER) == ["pve1.ad.lab.test"]
    assert seen_of(check, seen.PASSWORD_SET) == ["9 d ago"]
    assert account(WISH, NODE, there, NOW).causes == (C.ACCOUNT_OF_OTHER,)
    assert account(WISH, NODE, said("account-absent", suite), NOW).word == "ok"


def test_somebodys_word_makes_it_a_matter_of_looking():
    wish = replace(WISH, take_over=True)
    check = account(wish, NODE, shown("pve1.old.example.com"), NOW)
    assert (check.word, check.causes) == ("LOOK", (C.ACCOUNT_OF_OTHER,))


@pytest.mark.parametrize("host", ["PVE1.ad.example.com", "pve1", "- not set -"])
def test_an_account_of_this_node_or_of_no_host(host):
    check = account(WISH, NODE, shown(host), NOW)
    assert (check.word, check.causes) == ("LOOK", (C.ACCOUNT_EXISTS,))


def test_the_chosen_name_is_the_one_that_is_looked_for():
    check = account(replace(WISH, computer="PVE-RACK7"), NODE, None, NOW)
    assert seen_of(check, seen.COMPUTER) == ["PVE-RACK7"]


def test_a_wrong_password_while_looking():
    err = "adcli: couldn't connect: Couldn't authenticate as: a@X: Preauthentication failed"
    check = account(WISH, NODE, told("adcli", 5, "", err), NOW)
    assert (check.word, check.causes) == ("BAD", (C.WRONG_PASSWORD,))


def test_filetimes():
    assert windows_time("116444736000000000") == 0.0  # 1970
    assert windows_time("134389584000000000") == NOW - 9 * DAY
    assert windows_time("0") is None  # never set
    assert windows_time("9223372036854775807") is None


# --- the node ----------------------------------------------------------------------------------


def test_the_rest():
    assert pam("ok", "root logs in without AD").causes == ()
    assert pam("BAD", "pam_permit before pam_deny", ["common-auth:17"]).causes == (C.PAM_UNSAFE,)
    assert sudo(NODE).word == "ok"
    assert sudo(replace(NODE, sudo=True)).causes == (C.SUDO_RULES,)
    assert others(()).word == "ok"
    two = others(("pve2", "pve3"))
    assert (two.word, two.causes) == ("LOOK", (C.OTHERS_NOT_JOINED,))
    assert two.text == "pve2 and pve3: run this on each of them, too"


def test_the_backup_says_what_it_keeps():
    paths = (
        "/etc/krb5.conf",
        "/etc/krb5.keytab",
        "/etc/sssd/sssd.conf",
        "/etc/nsswitch.conf",
        "/etc/pam.d/common-auth",
        "/etc/pam.d/common-session",
    )
    assert backup(paths).text == "6 files: krb5, keytab, sssd, nsswitch, PAM"
    assert backup(()).text == "nothing is there yet to be kept"

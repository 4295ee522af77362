"""Names on their way to realmd, adcli and sssd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.join.names import (
    LONGEST_COMPUTER,
    colliding,
    computer_of,
    computer_problem,
    domain_problem,
    login_name,
    login_problem,
    ou_problem,
    permit_problem,
    permitted,
    proposed_computer,
    same_permitted,
)

AD = "ad.example.com"
ANY = st.text(max_size=40)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("Administrator", "Administrator"),
        ("EXAMPLE\\ann", "ann"),  # realmd would ask Kerberos for EXAMPLEann
        ("ann@ad.example.com", "ann@AD.EXAMPLE.COM"),  # "KDC reply did not match expectations"
        ("ann@AD.EXAMPLE.COM", "ann@AD.EXAMPLE.COM"),
        ("  ann \n", "ann"),
    ],
)
def test_a_login_name_is_made_what_realmd_takes(typed, sent):
    assert login_name(typed) == sent
    assert login_problem(typed.strip()) is None


@pytest.mark.parametrize(
    "typed", ["", "  ", "@AD.EXAMPLE.COM", "ann@", "-ann", "DOM\\-ann", "a\x00n", "a\x1b[2J", "a;b"]
)
def test_login_names_that_are_refused(typed):
    assert login_problem(typed)


@pytest.mark.parametrize(
    ("host", "computer"),
    [
        ("pve1", "PVE1"),
        ("pve1.ad.example.com", "PVE1"),
        ("proxmox-node-frankfurt-07.ad.example.com", "PROXMOX-NODE-FR"),  # as was recorded
    ],
)
def test_the_name_that_realmd_makes(host, computer):
    assert computer_of(host) == computer


def test_two_long_names_that_realmd_makes_the_same():
    own = "proxmox-node-frankfurt-07"
    others = ("proxmox-node-frankfurt-08.ad.example.com", "proxmox-node-fra", own, "pve9")
    assert colliding(own, others) == others[:2]
    assert colliding("pve1", ("PVE1", "pve1.x", "pve2")) == ()  # this node itself


@pytest.mark.parametrize("name", ["PVE1", "pve-1", "1a", "A" * 15])
def test_computer_names(name):
    assert computer_problem(name) is None


@pytest.mark.parametrize(
    "name", ["", "A" * 16, "PVE_1", "PVE 1", "-PVE", "PVE-", "123", "pve.1", "PVE1$", "PVÉ"]
)
def test_computer_names_that_are_refused(name):
    assert computer_problem(name)


@given(ANY, ANY)
def test_a_proposed_name_is_always_a_good_one(host, cluster):
    proposed = proposed_computer(host, cluster)
    assert computer_problem(proposed) is None


def test_the_proposal_names_the_cluster():
    assert proposed_computer("pve1.ad.example.com", "rack") == "PVE1-RACK"
    assert proposed_computer("pve_1") == "PVE-1-NODE"
    assert len(proposed_computer("proxmox-node-frankfurt-07", "datacenter")) <= LONGEST_COMPUTER


@pytest.mark.parametrize(
    "ou",
    [
        "OU=Servers",
        "ou=Servers,dc=ad,dc=example,dc=com",
        "OU=Nodes, OU=Servers",
        "CN=Computers,DC=AD,DC=EXAMPLE,DC=COM",
        "OU=Servers\\, old,OU=IT",
        "OU=M\\C3\\BCnchen",
        "OU=München",
    ],
)
def test_places_for_an_account(ou):
    assert ou_problem(ou, AD) is None


@pytest.mark.parametrize(
    "ou",
    [
        "",
        "Servers",
        "OU=",
        "OU=Servers,",
        "OU=Servers,,OU=IT",
        "DC=ad,DC=example,DC=com",  # the domain itself is no place
        "OU=Servers,DC=other,DC=com",
        "DC=ad,OU=Servers",
        "UID=ann",
        "OU=a;b",
        'OU="a"',
        "OU=a\nOU=b",
        "OU=a\\",
    ],
)
def test_places_that_are_refused(ou):
    assert ou_problem(ou, AD)


@pytest.mark.parametrize("name", [AD, "corp", "a-b.example", "9.example.com"])
def test_domains(name):
    assert domain_problem(name) is None


@pytest.mark.parametrize(
    "name",
    ["", ".", "a..b", "-a.b", "a-.b", "a_b.c", "192.0.2.10", "a.b\n", "a b", "x" * 64, "a." * 150],
)
def test_domains_that_are_refused(name):
    assert domain_problem(name)


def test_who_is_let_in_is_named_with_the_domain():
    assert permitted("alice", AD) == "alice@ad.example.com"
    assert permitted("Domain Admins", AD) == "Domain Admins@ad.example.com"
    assert permitted("alice@AD.example.com", AD) == "alice@AD.example.com"


@pytest.mark.parametrize("name", ["alice", "alice@AD.EXAMPLE.COM", "Domain Admins", "o'neil", "ä"])
def test_names_that_may_be_let_in(name):
    assert permit_problem(name, AD) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "@ad.example.com",
        "-a",
        "--all",  # realm permit --all lets everybody in
        "a,b",  # sssd parts names by commas
        "a\nb",
        "a\x00",
        "CORP\\alice",
        "alice@other.com",
        "a@b@ad.example.com",
        "%admins",
        "a;b",
        "[x]",
        "PVE1$",
    ],
)
def test_names_that_are_not_let_in(name):
    assert permit_problem(name, AD)


def test_capitals_do_not_tell_names_apart():
    assert same_permitted("Alice", "alice@AD.EXAMPLE.COM", AD)
    assert not same_permitted("alice", "alicia", AD)


@given(ANY)
def test_no_name_makes_them_fail(text):
    for problem in (login_problem, computer_problem, domain_problem):
        assert problem(text) is None or problem(text)
    for told in (ou_problem(text, AD), permit_problem(text, AD)):
        assert told is None or told
    login_name(text)


@given(ANY)
def test_what_is_let_in_is_one_word_that_is_no_option(text):
    if permit_problem(text, AD) is None:
        name = permitted(text, AD)
        assert name.isprintable()
        assert not name.startswith("-")
        assert "," not in name
        assert name.casefold().endswith("@" + AD)

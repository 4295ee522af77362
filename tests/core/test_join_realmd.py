"""`realm list` and `realm discover`, as both Debians print them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.join.model import Membership
from pve_auth_tui.core.join.realmd import discovered, joined, parse
from tests.core.replay import SUITES, said

LINES = st.lists(st.text(max_size=30), max_size=20)


@pytest.mark.parametrize("suite", SUITES)
def test_a_domain_that_was_found(suite):
    found = discovered(said("discover-ok", suite))
    assert found == Membership(
        domain="ad.lab.test",
        realm="AD.LAB.TEST",
        server_software="active-directory",
        client_software="sssd",
        packages=(
            "sssd-tools",
            "sssd",
            "libnss-sss",
            "libpam-sss",
            "adcli",
            "samba-common-bin",
        ),
    )
    assert found.is_active_directory


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("name", ["discover-dc-ip", "discover-dc-name", "discover-upper"])
def test_whatever_was_asked_the_block_names_the_domain(name, suite):
    assert discovered(said(name, suite)).domain == "ad.lab.test"


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("name", ["discover-drop-ldap", "discover-reject-ldap"])
def test_a_block_without_a_kind_of_server_is_no_domain(name, suite):
    """With port 389 closed realmd ends with 0 and prints a block."""
    run = said(name, suite)
    assert run.code == 0
    assert [one.domain for one in parse(run.out)] == ["ad.lab.test"]
    assert discovered(run) is None


@pytest.mark.parametrize("suite", SUITES)
def test_who_may_log_in(suite):
    (fresh,) = parse(said("list-joined", suite).out)
    (denied,) = parse(said("list-denied", suite).out)
    (named,) = parse(said("list-permitted", suite).out)
    assert (fresh.policy, fresh.configured) == ("allow-realm-logins", "kerberos-member")
    assert denied.policy == "deny-any-login"
    assert named.policy == "allow-permitted-logins"
    assert named.permitted_users == ("alice@ad.lab.test",)
    assert named.permitted_groups == ("ProxmoxAdmins@ad.lab.test",)
    assert named.login_formats == ("%U@ad.lab.test",)


@pytest.mark.parametrize("suite", SUITES)
def test_joined_or_not(suite):
    members = parse(said("list-joined", suite).out)
    assert joined(members, "AD.lab.test") == members[0]
    assert joined(members, "other.test") is None
    assert parse(said("list-unjoined", suite).out) == ()
    assert joined(parse(said("discover-ok", suite).out), "ad.lab.test") is None


def test_several_names_on_a_line():
    line = said("permit-with-reset-failed").out
    (one,) = parse(["ad.lab.test", *line[1:]])
    assert one.permitted_users[:2] == ("alice@ad.lab.test", "bob@ad.lab.test")
    assert len(one.permitted_users) == 6
    assert one.permitted_groups == ()


@pytest.mark.parametrize("suite", ["lab-bookworm", "lab-trixie"])
def test_a_group_alone_and_nobody_at_all(suite):
    (group,) = parse(said("list-group-alone", suite).out)
    assert (group.permitted_users, group.permitted_groups) == ((), ("Domain Users@ad.lab.test",))
    (nobody,) = parse(said("list-nobody", suite).out)
    assert nobody.policy == "allow-permitted-logins"
    assert (nobody.permitted_users, nobody.permitted_groups) == ((), ())


def test_two_domains():
    first, second = parse(["a.test", "  configured: kerberos-member", "b.test", "  realm-name: B"])
    assert (first.configured, second.configured, second.realm) == ("kerberos-member", "", "B")


@given(LINES)
def test_no_lines_make_it_fail(lines):
    for one in parse(lines):
        assert one.domain or one.configured is not None

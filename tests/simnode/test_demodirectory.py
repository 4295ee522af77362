"""The directories of the demo: what the simulated PVE makes of them."""

import re

import pytest

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.outside import DC1
from pve_auth_tui.simnode.passwords import check_password
from tests.simnode.outsides import Rack

PASSWORD = "demo-password"


@pytest.fixture(scope="module")
def rack():
    return Rack()


@pytest.fixture(scope="module")
def corp(rack):
    code, lines = rack.sync("corp")
    assert code == "OK"
    return lines


def told(lines, words):
    return {found[1] for line in lines if (found := re.fullmatch(f"{words} '(.+)'", line))}


def test_a_sync_of_corp_waits_as_the_screens_draw_it(corp):
    assert len(told(corp, "adding user")) == 61
    assert len(told(corp, "remove user")) == 36
    assert len(told(corp, "updating user")) > 100
    assert len([line for line in corp if "does not look like a valid user name" in line]) == 4
    assert len([line for line in corp if "contains invalid characters" in line]) == 3
    assert {"ProxmoxAdmins-corp", "all-staff-corp"} <= told(corp, "adding group")
    assert told(corp, "remove group") == {"design-corp", "legal-corp"}


def test_two_of_the_removed_are_administrators(rack, corp):
    administrators = rack.node.state.access.groups["admins-corp"].members
    assert told(corp, "remove user") & set(administrators) == {"carl@corp", "dora@corp"}


def test_one_who_is_added_is_the_heir_of_a_ghost(rack, corp):
    access = rack.node.state.access
    ghosts = {entry.subject for entry in access.acl if entry.kind == "user"} - access.users.keys()
    assert told(corp, "adding user") & ghosts == {"gone@corp"}


def test_many_have_another_name_or_address(rack):
    before = dict(rack.node.state.access.users)
    other = Rack()
    other.sync("corp", **{"dry-run": 0})
    after = other.node.state.access.users
    changed = [name for name in before.keys() & after.keys() if before[name] != after[name]]
    assert 30 <= len(changed) <= 60
    assert {name.rpartition("@")[2] for name in changed} == {"corp"}


def test_members_of_members_do_not_come_and_nobody_stands_in_the_primary_group():
    other = Rack()
    other.sync("corp", **{"dry-run": 0})
    groups = other.node.state.access.groups
    assert groups["admins-corp"].members == ("anna.admin@corp", "frank@corp")
    assert set(groups["ProxmoxUsers-corp"].members).isdisjoint({"olga@corp", "frank@corp"})
    assert "olga@corp" in groups["platform-corp"].members


def test_it_is_the_same_every_time(corp):
    assert Rack().sync("corp")[1] == corp


@pytest.mark.parametrize(
    ("userid", "password", "data"),
    [
        ("anna.admin@corp", PASSWORD, ""),
        ("ANNA.admin@corp", PASSWORD, ""),
        ("anna.admin@corp", "wrong", "52e"),
        ("carl@corp", PASSWORD, "525"),
        ("bob.admin@corp", PASSWORD, "533"),
        ("carol@corp", PASSWORD, "533"),
        ("omar@corp", PASSWORD, "773"),
        ("otto@corp", PASSWORD, "775"),
        ("temp.contractor@corp", PASSWORD, "701"),
        ("svc-report@corp", PASSWORD, "532"),
    ],
)
def test_people_of_corp_log_in_or_hear_why_not(rack, userid, password, data):
    if not data:
        check_password(rack.node, userid, password)
        return
    with pytest.raises(ApiError, match=f"data {data},"):
        check_password(rack.node, userid, password)


def test_lab_is_a_plain_directory_whose_groups_are_odd(rack):
    code, lines = rack.sync("lab", scope="both")
    assert code == "OK"
    assert len(told(lines, "updating user")) == 33
    assert told(lines, "adding user") == {"intern7@lab", "intern8@lab", "visiting.fellow@lab"}
    assert told(lines, "updating group") == {"students-lab", "robots-lab"}
    check_password(rack.node, "ada.abel@lab", PASSWORD)
    with pytest.raises(ApiError, match="Invalid credentials"):
        check_password(rack.node, "ada.abel@lab", "wrong")


def test_old_has_no_server_any_more(rack):
    code, _ = rack.sync("old", scope="users")
    assert code == "Name or service not known"


def test_a_large_demo_has_a_large_directory_with_a_group_that_active_directory_cuts():
    rack = Rack(users=2000)
    code, lines = rack.sync("corp")
    assert code == "OK"
    assert (len(told(lines, "adding user")), len(told(lines, "remove user"))) == (61, 36)
    assert len(told(lines, "updating user")) == 1899
    rack.sync("corp", **{"dry-run": 0})
    assert rack.node.state.access.groups["all-staff-corp"].members == ()


def test_a_realm_s_connection_is_checked_against_the_same_servers(rack):
    wanted = {"check-connection": 1, "comment": "checked"}
    rack.node.answer("PUT", "/access/domains/corp", wanted)
    with pytest.raises(ApiError, match="data 52e"):
        rack.node.answer("PUT", "/access/domains/corp", {**wanted, "password": "wrong"})
    rack.node.answer("PUT", "/access/domains/corp", {**wanted, "password": "demo-bind-password"})


@pytest.mark.parametrize(
    ("story", "code"),
    [
        ("directory down", "Connection refused"),
        ("sync cut", "ldap user search error: Size limit exceeded"),
        ("certificate ended", "SSL connect attempt failed error:0A000086:SSL routines::"
         "certificate verify failed"),
        ("TLS 1.3 only", "SSL connect attempt failed error:0A00042E:SSL routines::"
         "tlsv1 alert protocol version"),
    ],
)  # fmt: skip
def test_a_story_makes_the_node_s_sync_fail_as_pve_s_does(story, code):
    rack = Rack()
    rack.stories.turn(story, on=True)
    assert rack.sync("corp")[0] == code
    rack.stories.turn(story, on=False)
    assert rack.sync("corp")[0] == "OK"


def test_an_empty_answer_would_empty_the_realm():
    rack = Rack()
    rack.stories.turn("empty answer", on=True)
    code, lines = rack.sync("corp")
    assert code == "OK"
    assert len(told(lines, "remove user")) == 147
    assert not told(lines, "adding user")


CERTIFICATE_ENDED = "certificate verify failed"
MENDED = {"server2": "dc2.example.com"}  # the fallback's own name


def test_a_server_that_fails_at_starttls_is_not_replaced_by_the_fallback(rack):
    """PVE::LDAP::ldap_connect begins StartTLS with the one server that it has reached."""
    rack.node.answer("PUT", "/access/domains/corp", MENDED)
    rack.outside.faults[DC1].add("expired certificate")
    assert CERTIFICATE_ENDED in rack.sync("corp")[0]
    rack.outside.faults[DC1] = {"refused"}
    assert rack.sync("corp")[0] == "OK"


def test_a_server_that_fails_at_ldaps_is_replaced_by_the_fallback(rack):
    rack.node.answer("PUT", "/access/domains/corp", {**MENDED, "mode": "ldaps"})
    rack.outside.faults[DC1].add("expired certificate")
    assert rack.sync("corp")[0] == "OK"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_a_tls_that_is_too_old_for_debian_reaches_nobody(rack):
    rack.node.answer("PUT", "/access/domains/corp", {"sslversion": "tlsv1"})
    assert rack.sync("corp")[0].startswith("SSL connect attempt failed")

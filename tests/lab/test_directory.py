"""The simulated node asks a real directory: TLS, StartTLS, passwords, and how often it tries."""

import pytest

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.proxy import HttpRequest
from tests.conformance.slapd import HOST, SUFFIX

WHO = {"bind_dn": f"cn=svc,{SUFFIX}", "password": "svcpw"}
OWN_CA = "/etc/pve/pve-root-ca.pem"
OTHER_CA = "/etc/pve/other-ca.pem"
LDAPS = {"port": 3636, "mode": "ldaps"}
START_TLS = {"port": 3389, "mode": "ldap+starttls"}


def realm(node, **options):
    """A realm `corp` whose connection is tried."""
    node.answer(
        "POST",
        "/access/domains",
        {
            "realm": "corp",
            "type": "ldap",
            "server1": HOST,
            "base_dn": SUFFIX,
            "user_attr": "uid",
            "check-connection": 1,
            **options,
        },
    )


def sync(node, **options):
    """(how it ended, the lines of its log)."""
    task = node.answer("POST", "/access/domains/corp/sync", {"scope": "both", **options})
    where = f"/nodes/pve1/tasks/{task}"
    status = node.answer("GET", f"{where}/status")
    lines = node.answer("GET", f"{where}/log", {"limit": 200})
    return status["exitstatus"], [line["t"] for line in lines]


def log_in(stage, user, password):
    """The HTTP status of a login."""
    params = {"username": user, "password": password}
    return stage.door.answer(HttpRequest("POST", "/access/ticket", params)).status


# --- a sync ---


def test_a_sync_brings_the_directory_s_people_and_groups(stage):
    node = stage.node
    realm(node, port=3389, sync_attributes="email=mail,firstname=givenName,lastname=sn", **WHO)
    end, lines = sync(node, **{"enable-new": 1})
    assert end == "OK"
    assert "adding user 'ann@corp'" in lines
    users = {user["userid"]: user for user in node.answer("GET", "/access/users")}
    assert set(users) == {"root@pam", "ann@corp", "ben@corp", "Dora@corp"}
    assert users["ben@corp"]["lastname"] == "Zwölf"
    assert node.answer("GET", "/access/groups/admins-corp") == {"members": ["ann@corp"]}


def test_a_dry_run_changes_nothing(stage):
    realm(stage.node, port=3389, **WHO)
    before = dict(stage.left())
    end, lines = sync(stage.node, **{"dry-run": 1})
    assert end == "OK"
    assert lines[0] == "(dry test run) starting sync for realm corp"
    assert stage.left() == before


def test_who_left_the_directory_is_removed_when_asked(stage):
    node = stage.node
    realm(node, port=3389, **WHO)
    node.answer("POST", "/access/users", {"userid": "gone@corp"})
    sync(node)
    assert node.answer("GET", "/access/users/gone@corp")
    sync(node, **{"remove-vanished": "entry"})
    with pytest.raises(ApiError, match="no such user"):
        node.answer("GET", "/access/users/gone@corp")


def test_people_log_in_with_the_directory_s_passwords(stage, slapd):
    node = stage.node
    realm(node, port=3389, **WHO)
    sync(node, **{"enable-new": 1})
    assert log_in(stage, "ann@corp", "ann-pw-123") == 200
    assert log_in(stage, "ann@corp", "wrong") == 401
    assert slapd.bad_binds() == 1


# --- TLS ---


@pytest.mark.parametrize("way", [LDAPS, START_TLS], ids=["ldaps", "starttls"])
def test_tls_without_a_check_takes_any_certificate(stage, way):
    realm(stage.node, verify=0, **way, **WHO)
    assert sync(stage.node)[0] == "OK"


@pytest.mark.parametrize("way", [LDAPS, START_TLS], ids=["ldaps", "starttls"])
def test_tls_with_the_right_authority(stage, way):
    realm(stage.node, verify=1, capath=OWN_CA, **way, **WHO)
    assert sync(stage.node)[0] == "OK"


@pytest.mark.parametrize("capath", [{}, {"capath": OTHER_CA}], ids=["system", "other"])
@pytest.mark.parametrize("way", [LDAPS, START_TLS], ids=["ldaps", "starttls"])
def test_tls_with_a_wrong_authority_is_refused_before_any_password(stage, slapd, way, capath):
    with pytest.raises(ApiError) as refused:
        realm(stage.node, verify=1, **way, **capath, **WHO)
    assert refused.value.original == (
        "add auth server failed: SSL connect attempt failed "
        "error:0A000086:SSL routines::certificate verify failed\n"
    )
    assert slapd.binds() == []


def test_an_address_in_clear_is_not_asked_with_tls(stage, slapd):
    with pytest.raises(ApiError):
        realm(stage.node, port=3389, mode="ldaps", verify=0, **WHO)
    assert slapd.binds() == []


# --- one try for each action (R23) ---


def test_a_wrong_password_is_tried_once(stage, slapd):
    with pytest.raises(ApiError, match="Invalid credentials"):
        realm(stage.node, port=3389, bind_dn=WHO["bind_dn"], password="wrong")
    assert slapd.bad_binds() == 1


def test_a_wrong_password_is_not_tried_at_the_second_server(stage, slapd):
    """Both names lead to the same server: it would count a second try."""
    node = stage.node
    realm(node, port=3389, server2="localhost", **WHO)
    sync(node, **{"enable-new": 1})
    assert slapd.bad_binds() == 0
    assert log_in(stage, "ann@corp", "wrong") == 401
    assert slapd.bad_binds() == 1


def test_a_sync_with_a_wrong_password_is_tried_once(stage, slapd):
    node = stage.node
    realm(node, port=3389, **WHO)
    node.answer("PUT", "/access/domains/corp", {"password": "wrong"})
    assert sync(node)[0] == "ldap bind failed: Invalid credentials"
    assert slapd.bad_binds() == 1


def test_a_login_without_a_password_is_never_tried(stage, slapd):
    """The directory would take an empty password for nobody's, and accept it."""
    node = stage.node
    realm(node, port=3389, **WHO)
    sync(node, **{"enable-new": 1})
    assert log_in(stage, "ann@corp", "") == 401
    assert slapd.bad_binds() == 0
    assert 'BIND dn="uid=ann' not in slapd.log
    assert log_in(stage, "ann@corp", "ann-pw-123") == 200
    assert slapd.binds()
    assert 'BIND dn="uid=ann' in slapd.log

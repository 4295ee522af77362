"""The simulated node asks a real OpenLDAP server, as PVE does; on ports of its own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.directory import bind_user, connected
from tests.conformance.slapd import LDIF, Ports, Slapd
from tests.simnode.small import file, refusal, small_node

CA = "/etc/pve/pve-root-ca.pem"
BASE = "dc=example,dc=test"
MANY = 250  # more than two pages of groups; an OpenLDAP server gives 500 entries at the most


def free_ports() -> Ports:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return Ports(one.getsockname()[1], other.getsockname()[1])


def person(name: str) -> str:
    return (
        f"dn: uid={name},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {name}\n"
        f"cn: {name}\nsn: Ärger\nuserPassword: pw-{name}\n\n"
    )


def group(name: str, member: str) -> str:
    return (
        f"dn: cn={name},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {name}\n"
        f"member: UID={member},ou=People,{BASE}\nmember: cn=nobody\n\n"
    )


@pytest.fixture(scope="module")
def slapd(tmp_path_factory) -> Iterator[Slapd]:
    folder = tmp_path_factory.mktemp("directory")
    ldif = folder / "people.ldif"
    crowd = "".join(person(f"u{number:04}") for number in range(MANY))
    groups = "".join(group(f"g{number:04}", f"U{number:04}") for number in range(MANY))
    ldif.write_text(
        f"{LDIF.read_text('utf-8').rstrip()}\n\n{crowd}{person('star')}{groups}", "utf-8"
    )
    with Slapd(folder / "slapd", free_ports(), ldif) as running:
        yield running


def node_for(slapd: Slapd, *, tls: bool = False, **options: str):
    port = slapd.ports.ldaps if tls else slapd.ports.ldap
    whole = {
        "base_dn": BASE,
        "user_attr": "uid",
        "server1": "127.0.0.1",
        "port": str(port),
        "bind_dn": f"cn=svc,{BASE}",
        **options,
    }
    lines = "".join(f"\t{name} {value}\n" for name, value in whole.items() if value)
    node = small_node(domains=f"ldap: corp\n{lines}")
    node.disk.write(CA.strip("/"), slapd.ca)
    node.disk.write("etc/pve/priv/realm/corp.pw", b"svcpw")
    return node


def realm_of(node):
    return node.state.realms.realms["corp"]


def trouble(node) -> str:
    with pytest.raises(ApiError) as caught, connected(node, realm_of(node)):
        pass
    assert caught.value.code == 500
    return caught.value.original


def login_trouble(node, name: str, password: str) -> str:
    with pytest.raises(ApiError) as caught:
        bind_user(node, "corp", name, password)
    return caught.value.original


@pytest.mark.parametrize(
    ("tls", "options"),
    [
        (False, {}),
        (True, {"mode": "ldaps"}),
        (True, {"secure": "1"}),
        (False, {"mode": "ldap+starttls"}),
        (True, {"mode": "ldaps", "verify": "1", "capath": CA}),
        (False, {"mode": "ldap+starttls", "verify": "1", "capath": CA}),
        (True, {"mode": "ldaps", "sslversion": "tlsv1_3", "verify": "1", "capath": CA}),
    ],
)
def test_all_ways_to_a_directory(slapd, tls, options):
    node = node_for(slapd, tls=tls, **options)
    with connected(node, realm_of(node)) as directory:
        assert directory.dn_of("ann") == f"uid=ann,ou=people,{BASE}"


@pytest.mark.parametrize("mode", ["ldaps", "ldap+starttls"])
def test_a_certificate_that_nobody_vouches_for_is_refused_when_it_is_to_be_checked(slapd, mode):
    node = node_for(slapd, tls=mode == "ldaps", mode=mode, verify="1")
    assert trouble(node) == (
        "SSL connect attempt failed error:0A000086:SSL routines::certificate verify failed\n"
    )


def test_a_certificate_for_another_name_is_refused_when_it_is_to_be_checked(slapd):
    options = {"mode": "ldaps", "verify": "1", "capath": CA, "server1": "other.example.test"}
    node = node_for(slapd, tls=True, **options)
    node.disk.write("etc/hosts", b"127.0.0.1 other.example.test pve1.example.test\n")
    assert "certificate verify failed" in trouble(node)
    node = node_for(slapd, tls=True, **{**options, "server1": "pve1.example.test"})
    node.disk.write("etc/hosts", b"127.0.0.1 pve1.example.test\n")
    with connected(node, realm_of(node)):
        pass


def test_tls_to_a_port_that_speaks_none(slapd):
    assert trouble(node_for(slapd, mode="ldaps")).startswith("SSL connect attempt failed")


def test_the_second_server_is_asked_when_the_first_is_not_there(slapd):
    node = node_for(slapd, server1="127.0.0.9", server2="127.0.0.1")
    with connected(node, realm_of(node)):
        pass


def test_the_realm_s_own_password_may_be_wrong_or_missing(slapd):
    node = node_for(slapd)
    node.disk.write("etc/pve/priv/realm/corp.pw", b"wrong")
    assert trouble(node) == "ldap bind failed: Invalid credentials\n"
    node.disk.write("etc/pve/priv/realm/corp.pw", b"")
    assert trouble(node) == "missing password for realm corp\n"


def test_people_log_in_with_their_own_password(slapd):
    node = node_for(slapd)
    bind_user(node, "corp", "ann", "ann-pw-123")
    assert login_trouble(node, "ann", "wrong") == "Invalid credentials\n"
    assert login_trouble(node, "nobody", "x") == "user dn is empty\n"


def test_an_empty_password_is_never_sent(slapd):
    node = node_for(slapd)
    before = len(slapd.binds())
    assert login_trouble(node, "ann", "") == ("No password, did you mean noauth or anonymous ?\n")
    assert len(slapd.binds()) == before + 1  # the realm's own


@pytest.mark.parametrize("name", ["*", "st*r", "ann)(uid=ben", "a\\6en"])
def test_a_login_name_is_no_filter(slapd, name):
    assert login_trouble(node_for(slapd), name, "pw-star") == "user dn is empty\n"


def test_a_search_that_is_not_allowed_finds_nobody(slapd):
    node = node_for(slapd, bind_dn="")
    assert login_trouble(node, "ann", "ann-pw-123") == "Insufficient access\n"


def test_an_ad_realm_binds_with_name_and_domain_and_looks_for_nobody(slapd):
    node = small_node(
        domains=f"ad: corp\n\tdomain x.test\n\tserver1 127.0.0.1\n\tport {slapd.ports.ldap}\n"
    )
    before = slapd.log.count("SRCH base")
    assert login_trouble(node, "ann", "x") == "invalid DN\n"  # slapd takes no such names
    assert slapd.log.count("SRCH base") == before


def test_more_entries_than_fit_a_page_are_all_synced(slapd):
    node = node_for(slapd, sync_attributes="lastname=sn")
    upid = node.answer("POST", "/access/domains/corp/sync", {"scope": "both"})
    node.tasks.wait(upid)
    users = node.state.access.users
    assert sum(name.startswith("u0") for name in users) == MANY
    assert users["u0001@corp"].lastname == "Ärger"
    assert sum(name.startswith("g0") for name in node.state.access.groups) == MANY
    assert "group:g0001-corp:u0001@corp::\n" in file(node, "user.cfg")


def test_a_dry_run_writes_nothing_and_says_so(slapd):
    node = node_for(slapd, filter="(uid=ann)")
    before = file(node, "user.cfg")
    upid = node.answer("POST", "/access/domains/corp/sync", {"scope": "users", "dry-run": 1})
    log = node.answer("GET", f"/nodes/pve1/tasks/{upid}/log")
    assert [line["t"] for line in log] == [
        "(dry test run) starting sync for realm corp",
        "got data from server, updating users",
        "syncing users (remove-vanished opts: none)",
        "adding user 'ann@corp'",
        "",
        "NOTE: Dry test run, changes were NOT written to the configuration.",
        "TASK OK",
    ]
    assert file(node, "user.cfg") == before


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"filter": "(broken"}, "ldap user search error: Bad filter"),
        ({"base_dn": "dc=nosuch"}, "ldap user search error: No such object"),
        ({"base_dn": "no dn"}, "ldap user search error: invalid DN"),
        ({"group_filter": "x"}, "ldap group search error: Bad filter"),
    ],
)
def test_a_search_that_fails_ends_the_task(slapd, options, why):
    node = node_for(slapd, **options)
    upid = node.answer("POST", "/access/domains/corp/sync", {"scope": "both"})
    assert node.answer("GET", f"/nodes/pve1/tasks/{upid}/status")["exitstatus"] == why


def test_a_checked_connection_uses_the_new_password_before_it_counts(slapd):
    node = node_for(slapd)
    params = {"password": "nonsense", "check-connection": 1, "comment": "x"}
    assert refusal(node, "PUT", "/access/domains/corp", params)[1] == (
        "update auth server failed: ldap bind failed: Invalid credentials\n"
    )
    assert file(node, "priv/realm/corp.pw") == "nonsense"
    assert "comment" not in node.answer("GET", "/access/domains/corp")
    assert node.answer("PUT", "/access/domains/corp", {**params, "password": "svcpw"}) is None


def test_a_server_that_stops_in_mid_talk_is_an_error_of_pve_s(tmp_path: Path):
    with Slapd(tmp_path / "slapd", free_ports()) as slapd:
        node = node_for(slapd)
        with connected(node, realm_of(node)) as directory:
            slapd.close()
            with pytest.raises(ApiError) as caught:
                directory.users(["uid"])
    assert caught.value.code == 500

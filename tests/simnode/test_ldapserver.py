"""Searches at a simulated directory, and what is wrong with a server; asked by ldap3."""

import socket
import threading
import time

import ldap3
import pytest

from pve_auth_tui.simnode.ldapserver.entries import Entry
from pve_auth_tui.simnode.line import Line
from tests.simnode.ldapclient import (
    BASE,
    PAGED,
    START_TLS,
    bind,
    connected,
    names,
    person,
    server,
)


@pytest.fixture
def plain():
    return connected(server(person("ann", mail=["ann@example.com"]), person("bob")))


def crowd(count):
    return [person(f"u{number:04}") for number in range(count)]


def search(connection, wanted="(objectClass=user)", base=BASE, scope=ldap3.SUBTREE, **more):
    connection.search(base, wanted, scope, **more)
    return connection.result["result"], names(connection)


def pages(connection, size, wanted="(objectClass=user)"):
    found, cookie, turns = [], None, 0
    while True:
        connection.search(BASE, wanted, attributes=["cn"], paged_size=size, paged_cookie=cookie)
        found += names(connection)
        turns += 1
        control = (connection.result.get("controls") or {}).get(PAGED)
        cookie = control and control["value"]["cookie"]
        if not cookie:
            return connection.result["result"], found, turns


@pytest.mark.parametrize(
    ("base", "scope", "found"),
    [
        (BASE, ldap3.SUBTREE, ["example", "people", "ann", "bob"]),
        (BASE, ldap3.LEVEL, ["people"]),
        (BASE, ldap3.BASE, ["example"]),
        (f"OU=People, {BASE.upper()}", ldap3.LEVEL, ["ann", "bob"]),
    ],
)
def test_three_scopes_are_known(plain, base, scope, found):
    held = search(plain, "(objectClass=*)", base, scope)
    assert held == (
        0,
        found if found != ["example"] else [plain.response[0]["dn"].split(",")[0][3:]],
    )


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (["MAIL"], {"mail"}),
        (["cn", "nothing"], {"cn"}),
        (["1.1"], set()),
        (
            ["*"],
            {"objectClass", "cn", "sAMAccountName", "userPrincipalName", "mail"}
            | {"userAccountControl"},
        ),
        (["userPassword"], set()),
    ],
)
def test_only_what_was_asked_for_is_sent_and_never_a_password(plain, asked, sent):
    search(plain, "(cn=ann)", attributes=asked)
    assert set(plain.response[0]["raw_attributes"]) == sent


def test_pages_bring_everybody_once():
    connection = connected(server(*crowd(250)))
    code, found, turns = pages(connection, 100)
    assert (code, turns) == (0, 3)
    assert found == [f"u{number:04}" for number in range(250)]


def test_pages_in_active_directory_are_never_longer_than_it_likes():
    connection = connected(server(*crowd(25), ad=True, most=10))
    bind(connection, "u0000@example.com", "secret")
    code, found, turns = pages(connection, 1000)
    assert (code, turns, len(found)) == (0, 3, 25)
    assert search(connection) == (4, [f"u{number:04}" for number in range(10)])


def test_a_plain_server_s_limit_counts_over_all_pages():
    connection = connected(server(*crowd(25), most=12, most_paged=12))
    code, found, _ = pages(connection, 5)
    assert (code, len(found)) == (4, 12)


def test_the_client_s_own_limit_holds():
    assert search(connected(server(*crowd(5))), size_limit=3)[0] == 4


def test_a_cookie_of_another_search_is_refused():
    connection = connected(server(*crowd(5)))
    connection.search(BASE, "(cn=*)", paged_size=2, paged_cookie=b"made up")
    assert connection.result["result"] == 53


@pytest.mark.parametrize(("count", "sent"), [(1500, "member"), (1501, "member;range=0-1499")])
def test_active_directory_sends_long_lists_in_ranges(count, sent):
    members = [f"cn=m{number},{BASE}" for number in range(count)]
    group = Entry(f"cn=g,{BASE}", {"objectClass": ["group"], "cn": ["g"], "member": members})
    connection = connected(server(person("ann"), group, ad=True))
    bind(connection, "ann@example.com", "secret")
    search(connection, "(cn=g)", attributes=["member"])
    held = {n: len(found or ()) for n, found in connection.response[0]["raw_attributes"].items()}
    assert {name: size for name, size in held.items() if size} == {sent: 1500}
    search(connection, "(cn=g)", attributes=["member;range=1500-*"])
    rest = connection.response[0]["raw_attributes"]
    assert {name: len(found) for name, found in rest.items()} == (
        {"member;range=1500-*": 1} if count > 1500 else {}
    )


def test_the_root_dse_is_read_before_any_bind():
    connection = connected(server(ad=True))
    search(connection, "(objectClass=*)", "", ldap3.BASE, attributes=["*"])
    held = connection.response[0]["raw_attributes"]
    assert held["defaultNamingContext"] == [BASE.encode()]
    assert held["currentTime"] == [b"20270115080000.0Z"]
    assert PAGED.encode() in held["supportedControl"]
    assert START_TLS.encode() in held["supportedExtension"]
    assert held["vendorName"] == [b"pve-auth-tui (simulated)"]


def test_openldap_shows_its_root_dse_only_to_those_who_name_what_they_want():
    connection = connected(server())
    search(connection, "(objectClass=*)", "", ldap3.BASE, attributes=["*"])
    assert set(connection.response[0]["raw_attributes"]) == {"objectClass"}
    search(connection, "(objectClass=*)", "", ldap3.BASE, attributes=["+", "namingContexts"])
    assert connection.response[0]["raw_attributes"]["namingContexts"] == [BASE.encode()]


@pytest.mark.parametrize(
    ("base", "code", "text"),
    [
        (f"ou=none,{BASE}", 32, f"best match of:\n\t'{BASE}'"),
        ("dc=other,dc=org", 10, "ref 1: 'other.org'"),
        ("nonsense", 34, "BAD_NAME"),
    ],
)
def test_a_wrong_base_is_told_as_active_directory_tells_it(base, code, text):
    connection = connected(server(person("ann"), ad=True))
    bind(connection, "ann@example.com", "secret")
    try:
        connection.search(base, "(cn=*)")
    except ldap3.core.exceptions.LDAPInvalidDnError:
        pytest.fail("ldap3 looked at it itself")
    assert connection.result["result"] == code
    assert text in connection.result["message"]


def test_a_search_from_the_top_brings_references_to_other_contexts():
    connection = connected(server(person("ann"), ad=True, elsewhere=(f"DC=ForestDnsZones,{BASE}",)))
    bind(connection, "ann@example.com", "secret")
    search(connection)
    references = [each for each in connection.response if each["type"] == "searchResRef"]
    url = f"ldap://ForestDnsZones.example.com/DC=ForestDnsZones,{BASE}"
    assert [each["uri"] for each in references] == [[url]]
    search(connection, base=f"ou=people,{BASE}")
    assert all(each["type"] == "searchResEntry" for each in connection.response)


@pytest.mark.parametrize(
    ("fault", "code", "most"),
    [
        ("empty answer", 0, 0),
        ("size limit", 4, 50),
        ("time limit", 3, 50),
        ("admin limit", 11, 50),
        ("busy", 51, 0),
        ("no access", 50, 0),
        ("anonymous sees nothing", 0, 0),
    ],
)
def test_what_can_be_wrong_with_a_search(fault, code, most):
    made = server(*crowd(80))
    made.faults.add(fault)
    connection = connected(made)
    found, persons, _ = pages(connection, 30)
    assert (found, len(persons)) == (code, most)


def test_without_paging_a_client_that_needs_it_is_told():
    made = server(*crowd(3))
    made.faults.add("no paging")
    connection = connected(made)
    connection.search(BASE, "(cn=*)", paged_size=2, paged_criticality=True)
    assert connection.result["result"] == 12
    connection.search(BASE, "(cn=*)", paged_size=2)
    assert len(names(connection)) == 3


def test_a_server_may_break_off_in_the_middle():
    made = server(*crowd(80))
    made.faults.add("breaks off")
    with pytest.raises(ldap3.core.exceptions.LDAPExceptionError):
        search(connected(made))


def test_it_is_only_read(plain):
    plain.delete(f"cn=ann,ou=people,{BASE}")
    assert plain.result["result"] == 53
    assert search(plain, "(cn=ann)") == (0, ["ann"])


def test_another_extension_is_not_known(plain):
    plain.extended("1.3.6.1.4.1.4203.1.11.3")
    assert plain.result["result"] == 2


@pytest.mark.parametrize(
    ("ad", "code"), [(True, 52), (False, 2)], ids=["active directory", "openldap"]
)
def test_without_a_certificate_there_is_no_starttls(ad, code):
    connection = connected(server(ad=ad))
    connection.extended(START_TLS)
    assert connection.result["result"] == code


@pytest.mark.parametrize(
    "octets", [b"GET / HTTP/1.1\r\n\r\n", b"\x30\x84\xff\xff\xff\xff", b"\x16\x03\x01"]
)
def test_whoever_speaks_something_else_is_told_so_and_left(octets):
    with Line().connect(server().serve, ("dc.example.com", 389)) as opened:
        opened.settimeout(10)
        opened.sendall(octets)
        heard = b""
        while more := opened.recv(4096):
            heard += more
    assert b"1.3.6.1.4.1.1466.20036" in heard


@pytest.mark.parametrize(("fault", "heard"), [("closes", b""), ("not ldap", b"220")])
def test_a_useless_server(fault, heard):
    made = server()
    made.faults.add(fault)
    with Line().connect(made.serve, ("dc.example.com", 389)) as opened:
        opened.settimeout(10)
        assert opened.recv(3) == heard


def test_a_silent_server_says_nothing():
    made = server()
    made.faults.add("silent")
    with Line().connect(made.serve, ("dc.example.com", 389)) as opened:
        opened.settimeout(0.05)
        opened.sendall(b"\x30\x05\x02\x01\x01\x42\x00")
        with pytest.raises(TimeoutError):
            opened.recv(1)


def test_a_thread_ends_when_its_client_has_gone_and_there_are_never_more_than_some():
    line, made = Line(most=2), server()

    def threads():
        return [each for each in threading.enumerate() if each.name == "simulated here:389"]

    held = [line.connect(made.serve, ("here", 389)) for _ in range(2)]
    assert held[0].getpeername() == ("here", 389)
    with pytest.raises(OSError, match="too many"):
        line.connect(made.serve, ("here", 389))
    for each in held:
        each.close()
    for _ in range(500):
        if not threads():
            break
        time.sleep(0.01)
    assert not threads()
    line.connect(made.serve, ("here", 389)).close()


def test_nothing_of_it_listens_anywhere(monkeypatch):
    """R32: a simulated server has no port."""

    def refuse(*_: object) -> None:
        pytest.fail("a port was asked for")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    monkeypatch.setattr(socket.socket, "listen", refuse)
    assert search(connected(server(person("ann")))) == (0, ["ann"])

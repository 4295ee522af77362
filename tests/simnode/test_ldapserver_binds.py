"""Who may bind at a simulated directory, and what is said to those who may not; asked by ldap3."""

import ldap3
import pytest

from pve_auth_tui.simnode.ldapserver.accounts import filetime
from tests.simnode.ldapclient import BASE, NOW, Clock, bind, connected, person, server

DAY = 86400


@pytest.mark.parametrize(
    "name", ["ann@example.com", "ANN@Example.COM", "EXAMPLE\\ann", f"cn=ann,ou=people,{BASE}"]
)
def test_active_directory_knows_a_user_by_each_of_its_names(name):
    connection = connected(server(person("ann"), ad=True))
    assert bind(connection, name, "secret")[0] == 0


@pytest.mark.parametrize(
    ("attributes", "password", "data"),
    [
        ({}, "wrong", "52e"),
        ({"userAccountControl": ["514"]}, "secret", "533"),
        ({"userAccountControl": ["514"]}, "wrong", "52e"),
        ({"accountExpires": [str(filetime(NOW - DAY))]}, "secret", "701"),
        ({"pwdLastSet": ["0"]}, "secret", "773"),
        ({"msDS-UserPasswordExpiryTimeComputed": [str(filetime(NOW - DAY))]}, "secret", "532"),
        ({"lockoutTime": [str(filetime(NOW - 60))]}, "secret", "775"),
        ({"lockoutTime": [str(filetime(NOW - DAY))]}, "secret", ""),
        ({"accountExpires": [str(filetime(NOW + DAY))]}, "secret", ""),
        ({"pwdLastSet": [str(filetime(NOW - DAY))]}, "secret", ""),
    ],
)
def test_active_directory_says_by_its_codes_why_not(attributes, password, data):
    connection = connected(server(person("ann", **attributes), ad=True))
    code, text = bind(connection, "ann@example.com", password)
    if data:
        assert code == 49
        assert f"AcceptSecurityContext error, data {data}, v" in text
    else:
        assert (code, text) == (0, "")


def test_an_unknown_user_has_a_code_of_its_own():
    connection = connected(server(ad=True))
    code, text = bind(connection, "nobody@example.com", "secret")
    assert code == 49
    assert "data 525," in text


def test_wrong_passwords_are_counted_and_the_third_one_locks_for_half_an_hour():
    clock, ann = Clock(), person("ann")
    connection = connected(server(ann, ad=True, clock=clock))
    for count in ("1", "2", "3"):
        assert "data 52e" in bind(connection, "ann@example.com", "wrong")[1]
        assert ann.values("badpwdcount") == (count.encode(),)
    assert "data 775" in bind(connection, "ann@example.com", "secret")[1]
    assert ann.values("badpwdcount") == (b"3",)
    clock.seconds += 31 * 60
    assert bind(connection, "ann@example.com", "secret")[0] == 0
    assert ann.values("badpwdcount") == (b"0",)


def test_a_right_password_forgets_the_wrong_ones():
    ann = person("ann")
    connection = connected(server(ann, ad=True))
    for password in ("wrong", "wrong", "secret", "wrong", "wrong"):
        bind(connection, "ann@example.com", password)
    assert bind(connection, "ann@example.com", "secret")[0] == 0


def test_a_plain_server_knows_only_names_of_entries_and_tells_nothing_more():
    connection = connected(server(person("ann")))
    assert bind(connection, f"cn=ann,ou=people,{BASE}", "secret") == (0, "")
    for name, password in [("ann", "secret"), ("cn=ann,ou=people," + BASE, "wrong"), ("cn=x", "y")]:
        assert bind(connection, name, password) == (49, "")


def test_a_name_without_a_password_is_refused():
    """ldap3 refuses it, too; so the octets are written by hand."""
    from pve_auth_tui.simnode.ldapserver import ber, messages

    opened = connected(server(person("ann"))).socket
    name = ber.octets(f"cn=ann,ou=people,{BASE}")
    body = ber.sequence(ber.integer(3), name, ber.octets("", 0x80), tag=messages.BIND)
    opened.sendall(ber.sequence(ber.integer(1), body))
    answer = messages.request(opened.recv(4096))
    assert ber.number(next(ber.elements(answer.content))[1]) == messages.UNWILLING


def test_active_directory_takes_no_password_in_the_clear_not_even_a_right_one():
    made = server(person("ann"), ad=True)
    made.faults.clear()
    connection = connected(made)
    code, text = bind(connection, "ann@example.com", "secret")
    assert code == 8
    assert "00002028: LdapErr" in text
    assert person("ann").values("badpwdcount") == ()


def test_a_plain_server_may_want_tls_and_may_refuse_nobodies():
    made = server(person("ann"))
    made.faults |= {"confidentiality required", "no anonymous bind"}
    connection = connected(made)
    assert bind(connection, f"cn=ann,ou=people,{BASE}", "secret")[0] == 13
    connection = connected(made)
    assert not connection.rebind(authentication=ldap3.ANONYMOUS)
    assert connection.result["result"] == 48


def test_after_a_failed_bind_somebody_is_nobody():
    """RFC 4513 4: the session is anonymous again."""
    connection = connected(server(person("ann"), ad=True))
    assert bind(connection, "ann@example.com", "secret")[0] == 0
    bind(connection, "ann@example.com", "wrong")
    connection.search(BASE, "(objectClass=*)")
    assert connection.result["result"] == 1
    assert "a successful bind must be completed" in connection.result["message"]

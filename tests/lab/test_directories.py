"""Our LDAP client at a real slapd: TLS, binds, pages, limits, referrals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from pve_auth_tui.adapters.directory.directories import LdapDirectories
from pve_auth_tui.adapters.directory.network import SystemNetwork
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.ports import Directory
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.secret import Secret
from tests.adapters.directory.server import HereNetwork
from tests.conformance.certificates import Authority
from tests.conformance.slapd import HOST, LDIF, SUFFIX, Slapd

SERVICE = f"cn=svc,{SUFFIX}"
PASSWORD = Secret("svcpw")
PEOPLE = f"ou=people,{SUFFIX}"
ATTRIBUTES = ("uid", "givenName", "sn", "mail", "cn", "description")
MANY = 5000
IN_THE_LDIF = 4
EVERYBODY = "(&(|(uid=*)(mail=*))(|(objectclass=inetorgperson)(objectclass=person)))"
_LIMITED = f"cn=limited,{SUFFIX}"

_MORE_CONFIG = f"""
limits dn.exact="{_LIMITED}" size=100
limits users size=unlimited
"""
_LIMITED_ENTRY = f"""
dn: {_LIMITED}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: limited
userPassword: limitedpw

dn: ou=elsewhere,{SUFFIX}
objectClass: referral
objectClass: extensibleObject
ou: elsewhere
ref: ldap://127.0.0.1:1/ou=elsewhere,dc=example,dc=com
"""


class LargeSlapd(Slapd):
    """The recorded directory with 5,000 more people, a referral, and an account with a limit."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        ldif = folder.parent / "large.ldif"
        people = "".join(
            f"\ndn: uid=u{one},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: u{one}\n"
            f"givenName: Given {one}\nsn: Surname {one}\nmail: u{one}@example.test\n"
            f"cn: Given {one} Surname {one}\ndescription: somebody\n"
            for one in range(MANY)
        )
        ldif.write_text(LDIF.read_text().rstrip("\n") + "\n" + _LIMITED_ENTRY + people)
        super().__init__(folder / "server", ldif=ldif)

    def _prepare(self) -> None:
        super()._prepare()
        config = self.folder / "slapd.conf"
        config.write_text(config.read_text() + _MORE_CONFIG)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LargeSlapd]:
    with LargeSlapd(tmp_path_factory.mktemp("large") / "slapd") as running:
        yield running


@pytest.fixture
def directories() -> LdapDirectories:
    return LdapDirectories(SystemNetwork())


@pytest.fixture
def realm(large: LargeSlapd) -> DirectorySettings:
    """StartTLS, verified."""
    return DirectorySettings(
        "corp",
        "ldap",
        (HOST,),
        large.ports.ldap,
        "ldap+starttls",
        verify=True,
        capath=str(large.folder / "ca.pem"),
        base_dn=SUFFIX,
    )


@pytest.fixture
def ldaps(realm: DirectorySettings, large: LargeSlapd) -> DirectorySettings:
    return dataclasses.replace(realm, mode="ldaps", port=large.ports.ldaps)


@pytest.fixture
def bound(directories: LdapDirectories, realm: DirectorySettings) -> Iterator[Directory]:
    """A connection as the realm's own account."""
    connection = directories.open(realm, HOST)
    connection.bind(SERVICE, PASSWORD)
    yield connection
    connection.close()


def cause_of(directories: LdapDirectories, settings: DirectorySettings, host: str = HOST) -> Cause:
    with pytest.raises(DirectoryTrouble) as caught:
        directories.open(settings, host, agreed=True)
    return caught.value.cause


# --- TLS ---


def test_starttls_and_ldaps_are_verified_and_bound_with_exactly_tls_1_2(directories, realm, ldaps):
    for settings in (realm, ldaps):
        assert directories.reach(settings, HOST) == HOST
        found = directories.handshake(settings, HOST)
        assert (found.code, found.protocol) == (0, "TLSv1.3")
        assert directories.handshake(settings, HOST, version="tlsv1_2").protocol == "TLSv1.2"
        assert "pve1" in directories.describe(found.chain[0]).names
        connection = directories.open(settings, HOST)
        connection.bind(SERVICE, PASSWORD)
        connection.close()


def test_a_name_of_its_certificate_is_good_and_another_is_not(realm, ldaps):
    directories = LdapDirectories(HereNetwork())
    for settings in (realm, ldaps):
        assert directories.handshake(settings, "pve1.example.test").code == 0
        for host, code, cause in (
            ("pve2.example.test", 62, Cause.CERT_OTHER_NAME),
            ("127.0.0.2", 64, Cause.CERT_OTHER_ADDRESS),
        ):
            assert directories.handshake(settings, host).code == code
            assert cause_of(directories, settings, host) is cause


def test_another_authority_is_told_before_any_bind(large, directories, realm, ldaps, tmp_path):
    """R20"""
    other = tmp_path / "other.pem"
    other.write_bytes(Authority("Somebody else").pem)
    before = len(large.binds())
    for settings in (realm, ldaps):
        strange = dataclasses.replace(settings, capath=str(other))
        assert directories.handshake(strange, HOST).code == 19  # it sends its root, too
        assert cause_of(directories, strange) is Cause.CERT_UNTRUSTED
    assert len(large.binds()) == before


def test_the_wrong_port_for_a_mode_is_told(large, directories, realm, ldaps):
    swapped = dataclasses.replace(realm, port=large.ports.ldaps)
    assert cause_of(directories, swapped) is Cause.TLS_WANTED
    swapped = dataclasses.replace(ldaps, port=large.ports.ldap)
    assert cause_of(directories, swapped) is Cause.NO_TLS
    clear = dataclasses.replace(realm, mode="ldap", port=large.ports.ldaps)
    connection = directories.open(clear, HOST, agreed=True)
    with pytest.raises(DirectoryTrouble) as caught:
        connection.root()
    connection.close()
    assert caught.value.cause is Cause.TLS_WANTED


def test_a_port_where_nothing_listens(directories, realm):
    assert cause_of(directories, dataclasses.replace(realm, port=1)) is Cause.REFUSED


# --- binds ---


def test_a_wrong_password_is_one_refused_bind(large, directories, realm):
    """R23"""
    before = large.bad_binds()
    connection = directories.open(realm, HOST)
    with pytest.raises(DirectoryTrouble) as caught:
        connection.bind(SERVICE, Secret("not-the-password"))
    connection.close()
    assert caught.value.cause is Cause.WRONG_CREDENTIALS
    assert large.bad_binds() == before + 1


@pytest.mark.parametrize(
    ("dn", "cause"),
    [
        ("no dn at all", Cause.BAD_BIND_DN),
        (f"cn=nobody,{SUFFIX}", Cause.WRONG_CREDENTIALS),
    ],
)
def test_a_bind_as_somebody_who_is_none(dn, cause, directories, realm):
    connection = directories.open(realm, HOST)
    with pytest.raises(DirectoryTrouble) as caught:
        connection.bind(dn, PASSWORD)
    connection.close()
    assert caught.value.cause is cause


def test_nobody_may_bind_and_read_the_root_but_may_not_search(directories, realm):
    connection = directories.open(realm, HOST)
    connection.bind_nobody()
    assert connection.root()["namingcontexts"] == [SUFFIX.encode()]
    with pytest.raises(DirectoryTrouble) as caught:
        connection.search(SUFFIX, EVERYBODY, ATTRIBUTES)
    connection.close()
    assert caught.value.cause is Cause.NOT_ALLOWED


# --- searches ---


def test_five_thousand_people_come_page_by_page(bound):
    heard = []
    found = bound.search(PEOPLE, EVERYBODY, ATTRIBUTES, page=900, on_page=heard.append)
    assert len(found.entries) == MANY + IN_THE_LDIF
    assert (found.code, found.stopped) == (0, False)
    assert heard == [900, 1800, 2700, 3600, 4500, MANY + IN_THE_LDIF]
    by_dn = {entry.dn: entry.values for entry in found.entries}
    assert by_dn[f"uid=u7,{PEOPLE}".encode()] == {
        "uid": [b"u7"],
        "givenname": [b"Given 7"],
        "sn": [b"Surname 7"],
        "mail": [b"u7@example.test"],
        "cn": [b"Given 7 Surname 7"],
        "description": [b"somebody"],
    }


@pytest.mark.parametrize("page", [0, 60])
def test_a_limit_of_the_server_is_never_lost(page, directories, realm):
    connection = directories.open(realm, HOST)
    connection.bind(_LIMITED, Secret("limitedpw"))
    found = connection.search(PEOPLE, EVERYBODY, ATTRIBUTES, page=page)
    connection.close()
    assert found.code == 4
    assert len(found.entries) == 100


def test_a_referral_below_the_base_brings_nothing_and_is_not_followed(bound):
    found = bound.search(SUFFIX, "(ou=*)", ["ou"])
    assert {entry.values["ou"][0] for entry in found.entries} == {b"people", b"groups"}


@pytest.mark.parametrize(
    ("base", "cause"),
    [
        ("ou=nowhere," + SUFFIX, Cause.BASE_UNKNOWN),
        ("no dn at all", Cause.BASE_MALFORMED),
        ("ou=elsewhere," + SUFFIX, Cause.BASE_ELSEWHERE),
    ],
)
def test_a_base_that_is_none(base, cause, bound):
    with pytest.raises(DirectoryTrouble) as caught:
        bound.search(base, EVERYBODY, ATTRIBUTES)
    assert caught.value.cause is cause


def test_a_stop_leaves_the_connection_usable(bound):
    found = bound.search(PEOPLE, EVERYBODY, ATTRIBUTES, page=900, most=1000)
    assert (len(found.entries), found.stopped) == (1000, True)
    assert len(bound.search(PEOPLE, "(uid=u7)", ["uid"]).entries) == 1

"""OpenLDAP: one server for each kind of TLS and of rules, all with the same people."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.lab.adlab import names
from tests.lab.adlab.ldapdata import ldif
from tests.lab.adlab.pki import Pki, wanted_of
from tests.lab.adlab.places import Place, Switch, run

_SLAPD: Final = "/usr/sbin/slapd"
_INVALID_CREDENTIALS: Final = 49  # RFC 4511 A.1
_STATS: Final = "256"  # log level: every connection, operation and result
_PATIENCE: Final = 30.0  # seconds
_LOGGED: Final = 5.0  # seconds for a connection to be told closed
_SCHEMAS: Final = ("core", "cosine", "inetorgperson", "nis")
_CONFIG: Final = """\
{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
{rules}
database mdb
suffix {base}
rootdn cn=admin,{base}
directory {folder}/db
maxsize 67108864
index objectClass,uid,cn,member eq
limits dn.base="cn=proxmox,ou=services,{base}" size=unlimited
limits dn.base="cn=limited,ou=services,{base}" size=2
limits dn.base="cn=unpaged,ou=services,{base}" size=unlimited size.prtotal=disabled
limits dn.base="cn=watched,ou=services,{base}" size.unchecked=3
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=closed,{base}" by users disclose by * none
access to * by users read by anonymous {anonymous}
"""
# GnuTLS, with which Debian builds slapd, has its own words for versions.
_RULES: Final[Mapping[str, str]] = {
    "second": "referral ldap://other.lab.test/",
    "tls13": "TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.3",
    "tls12": "TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.2",
    "clientcert": "TLSVerifyClient demand",
    "weak": "TLSCipherSuite NORMAL:%PROFILE_VERY_WEAK",
    "strict": "security simple_bind=128\ndisallow bind_anon",
}


class Slapd:
    """One of them. `log` is what it says about every operation."""

    def __init__(self, kind: str, place: Place, pki: Pki, folder: Path, data: Path) -> None:
        self.name = names.SLAPDS[kind]
        self.address = names.addresses()[self.name]
        self._folder = folder
        shutil.copytree(data, folder / "db")
        rules = _RULES.get(kind, "")
        if kind != "notls":
            pki.issue(kind, wanted_of(kind, self.address if kind == "byaddress" else self.name))
            rules = f"{_tls(pki, kind)}\n{rules}"
        config = folder / "slapd.conf"
        config.write_text(_config(folder, rules, "read" if kind == "open" else "auth"))
        where = f"ldap://{self.address}/"
        if kind != "notls":
            where += f" ldaps://{self.address}/"
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*place.enter, _SLAPD, "-f", str(config), "-h", where, "-d", _STATS],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text("utf-8", "replace")

    def wait(self) -> None:
        """Until it listens. Raises RuntimeError when it does not."""
        for _ in _until(_PATIENCE):
            if self._process.poll() is not None:
                break
            if "slapd starting" in self.log:
                return
        raise RuntimeError(f"{self.name} did not start: {self.log[-1000:]}")

    def binds(self) -> list[int]:
        """The LDAP result of every bind so far, anonymous ones among them.

        It writes its log after it has answered: what is wanted are connections that are closed.
        """
        for _ in _until(_LOGGED):
            log = self.log
            if log.count(" ACCEPT from ") == len(re.findall(r" closed( \(|$)", log, re.MULTILINE)):
                break
        return [int(code) for code in re.findall(r"RESULT tag=97 err=(\d+)", log)]

    def bad_binds(self) -> int:
        """How many it refused for their password so far."""
        return self.binds().count(_INVALID_CREDENTIALS)

    def close(self) -> None:
        self._process.kill()
        self._process.wait(_PATIENCE)


class Slapds:
    """All of them, in a place of their own. `folder` is to be made."""

    def __init__(self, switch: Switch, pki: Pki, folder: Path) -> None:
        data = _filled(folder / "data")
        addresses = names.addresses()
        self._place = Place()
        switch.plug_in(self._place, [addresses[name] for name in names.SLAPDS.values()])
        self._servers = {
            kind: Slapd(kind, self._place, pki, _made(folder / kind), data / "db")
            for kind in names.SLAPDS
        }
        for server in self._servers.values():
            server.wait()

    def __getitem__(self, kind: str) -> Slapd:
        return self._servers[kind]

    def bad_binds(self) -> int:
        """Of all servers together."""
        return sum(server.bad_binds() for server in self._servers.values())

    def close(self) -> None:
        for server in self._servers.values():
            server.close()
        self._place.close()


def _filled(folder: Path) -> Path:
    """The database, made once for all of them."""
    _made(folder / "db")
    config = folder / "slapd.conf"
    config.write_text(_config(folder, "", "auth"))
    people = folder / "people.ldif"
    people.write_text(ldif())
    run("/usr/sbin/slapadd", "-q", "-f", str(config), "-l", str(people))
    return folder


def _config(folder: Path, rules: str, anonymous: str) -> str:
    schemas = "\n".join(f"include /etc/ldap/schema/{name}.schema" for name in _SCHEMAS)
    given = {"schemas": schemas, "rules": rules, "anonymous": anonymous}
    return _CONFIG.format(folder=folder, base=names.LDAP_BASE, **given)


def _tls(pki: Pki, kind: str) -> str:
    return "\n".join(
        (
            f"TLSCACertificateFile {pki.ca}",
            f"TLSCertificateFile {pki.folder / kind}.crt",
            f"TLSCertificateKeyFile {pki.folder / kind}.key",
        )
    )


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True)
    return folder


def _until(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)

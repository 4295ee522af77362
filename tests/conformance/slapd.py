"""A private OpenLDAP server with the directory behind the recordings; needs no root.

    with Slapd(folder) as slapd:
        ...                      # ldap://127.0.0.1:3389, ldaps://127.0.0.1:3636

The ports are those that the recorded realms name. Its certificate is that of a node called
pve1, signed by a CA made on the spot. Raises NoDirectory, with what to do, when there is no
slapd or a port is taken.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.conformance.certificates import Authority

LDIF = Path(__file__).parent / "golden" / "ldap" / "base.ldif"
HOST = "127.0.0.1"
NAMES = ("pve1", "pve1.example.test", "localhost")
SUFFIX = "dc=example,dc=test"
INVALID_CREDENTIALS = 49  # RFC 4511
_SCHEMAS = ("core", "cosine", "nis", "inetorgperson")
_STATS = "256"  # log level: every connection, operation and result
_READY = 10.0  # seconds to wait for it at the most
_PATIENCE = 90.0  # seconds for another replay to end
_TAKEN = (
    f"port {{port}} on {HOST} is taken, and the recorded realms name it: stop what listens there"
)

_CONFIG = """\
{includes}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
TLSCertificateFile {folder}/slapd.crt
TLSCertificateKeyFile {folder}/slapd.key
TLSCACertificateFile {folder}/ca.pem
database mdb
suffix {suffix}
directory {folder}/db
maxsize 16777216
access to attrs=userPassword by anonymous auth by * none
access to * by users read by anonymous auth
"""


class NoDirectory(Exception):
    """There is no directory to ask; the text says why, and what helps."""


@dataclass(frozen=True)
class Ports:
    """Where it listens: `ldap` in clear and for StartTLS, `ldaps` with TLS from the start."""

    ldap: int = 3389
    ldaps: int = 3636


class Slapd:
    """The server while the block runs. `log` is what it says about every operation."""

    def __init__(self, folder: Path, ports: Ports | None = None, ldif: Path = LDIF) -> None:
        self.folder = folder
        self.ports = ports or Ports()
        self._ldif = ldif
        self._process: subprocess.Popen[bytes] | None = None
        self._turn: socket.socket | None = None

    @property
    def ca(self) -> bytes:
        """The certificate of the authority that signed its own, PEM."""
        return (self.folder / "ca.pem").read_bytes()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")

    def binds(self) -> list[int]:
        """The LDAP result of every bind so far, anonymous ones among them.

        It writes its log after it has answered: what is wanted are connections that are closed.
        """
        for _ in _until(_READY):
            log = self.log
            if log.count(" ACCEPT from ") == len(re.findall(r" closed( \(|$)", log, re.MULTILINE)):
                break
        return [int(code) for code in re.findall(r"RESULT tag=97 err=(\d+)", log)]

    def bad_binds(self) -> int:
        """How many binds it refused for their password so far."""
        return self.binds().count(INVALID_CREDENTIALS)

    def __enter__(self) -> Slapd:
        slapd, slapadd = (_program(name) for name in ("slapd", "slapadd"))
        self._turn = _turn_at(self.ports)
        try:
            self._start(slapd, slapadd)
        except BaseException:
            self.close()
            raise
        return self

    def _start(self, slapd: str, slapadd: str) -> None:
        for port in (self.ports.ldap, self.ports.ldaps):
            if not _is_free(port):
                raise NoDirectory(_TAKEN.format(port=port))
        self._prepare()
        config = str(self.folder / "slapd.conf")
        _run([slapadd, "-q", "-f", config, "-l", str(self._ldif)])
        where = f"ldap://{HOST}:{self.ports.ldap}/ ldaps://{HOST}:{self.ports.ldaps}/"
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [slapd, "-f", config, "-h", where, "-d", _STATS],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop it; nothing when it does not run."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
        if self._turn is not None:
            self._turn.close()
            self._turn = None

    def _prepare(self) -> None:
        (self.folder / "db").mkdir(mode=0o700, parents=True)
        authority = Authority("Proxmox Virtual Environment")
        certificate, key = authority.certificate(NAMES, (HOST,))
        (self.folder / "ca.pem").write_bytes(authority.pem)
        (self.folder / "slapd.crt").write_bytes(certificate)
        (self.folder / "slapd.key").write_bytes(key)
        includes = "\n".join(f"include /etc/ldap/schema/{name}.schema" for name in _SCHEMAS)
        config = _CONFIG.format(includes=includes, folder=self.folder, suffix=SUFFIX)
        (self.folder / "slapd.conf").write_text(config)

    def _wait(self) -> None:
        for port in (self.ports.ldap, self.ports.ldaps):
            for _ in _until(_READY):
                if self._process is not None and self._process.poll() is not None:
                    raise NoDirectory(f"slapd did not start: {self.log.strip()[-500:]}")
                if _answers(port):
                    break
            else:
                raise NoDirectory(f"slapd does not answer on port {port}")


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise NoDirectory(f"{name} is not installed: apt install slapd")
    return found


def _turn_at(ports: Ports) -> socket.socket:
    """Ours as long as it is open: another replay on this machine waits for its end."""
    turn = socket.socket(socket.AF_UNIX)
    for _ in _until(_PATIENCE):
        try:
            turn.bind(f"\0pve-auth-tui slapd {ports.ldap}")
        except OSError:
            continue
        return turn
    turn.close()
    raise NoDirectory(_TAKEN.format(port=ports.ldap))


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise NoDirectory(f"{command[0]} failed: {done.stderr.decode(errors='replace')[-500:]}")


def _until(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True

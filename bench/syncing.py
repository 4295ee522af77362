"""A preview of 5,000 users beside a bare paged search of ldap3 for the same entries, in one run.

The server is a real slapd where one is installed, else the demo's own; both are asked the same.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any, Final

from bench.results import Result
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.directory.directories import LdapDirectories
from pve_auth_tui.adapters.directory.network import SystemNetwork
from pve_auth_tui.core.directory.filters import user_filter
from pve_auth_tui.core.directory.mapping import attributes_of
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.domains import parse_domains
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import UNTOLD, Part, Snapshot
from pve_auth_tui.core.sync.found import SyncOptions
from pve_auth_tui.core.sync.previewing import preview
from pve_auth_tui.core.userconfig import parse_user_config
from pve_auth_tui.services.sync import SyncService

USERS: Final = 5000
_HOST: Final = "127.0.0.1"
_SUFFIX: Final = "dc=example,dc=test"
_ADMIN: Final = f"cn=admin,{_SUFFIX}"
_PASSWORD: Final = "bench"  # noqa: S105 (of a server that lives for a minute)
_PAGE: Final = 900
_PATH: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/libexec:/usr/libexec"
_TURNS: Final = 5
_TAKING: Final = SyncOptions("users", vanished=frozenset({"entry", "acl"}))
_CONFIG: Final = f"""\
{{includes}}
modulepath /usr/lib/ldap
moduleload back_mdb
sizelimit unlimited
database mdb
suffix {_SUFFIX}
rootdn {_ADMIN}
rootpw {_PASSWORD}
directory {{folder}}/db
maxsize 268435456
"""


def measure(turns: int = _TURNS) -> Sequence[Result]:
    """How many times as long as the bare search the whole preview takes."""
    with _server() as (port, what):
        settings = _settings(port)
        snapshot = _picture()
        bare, ours = [], []
        for _ in range(turns):
            bare.append(_timed(lambda: _searched(settings)))
            ours.append(_timed(lambda: _previewed(settings, snapshot)))
    ratio = median(one / other for one, other in zip(ours, bare, strict=True))
    detail = f"{USERS:,} of {what}: {median(ours):.2f} s, bare ldap3 {median(bare):.2f} s"
    return [Result("preview of a sync beside a bare search", ratio, "x", 1.5, detail)]


def _settings(port: int) -> DirectorySettings:
    return DirectorySettings(
        "corp",
        "ldap",
        (_HOST,),
        port,
        base_dn=_SUFFIX,
        bind_dn=_ADMIN,
        sync_attributes="email=mail,firstname=givenName,lastname=sn",
    )


def _previewed(settings: DirectorySettings, snapshot: Snapshot) -> None:
    directories = LdapDirectories(SystemNetwork())
    service = SyncService(directories, lambda realm: None, lambda: None, SystemClock())
    found = service.read(settings, _TAKING, Secret(_PASSWORD), agreed=True)
    seen = preview(snapshot, found, _TAKING, now=0.0)
    if len(found.users) != USERS or not seen.users.removed:
        raise SystemExit(f"{len(found.users)} users came, not {USERS}")


def _searched(settings: DirectorySettings) -> None:
    from ldap3 import NONE, Connection, Server

    attributes = list(attributes_of(settings).mapping)
    server = Server(_HOST, port=settings.port, get_info=NONE)
    connection = Connection(server, _ADMIN, _PASSWORD, auto_bind=True, check_names=False)
    count, cookie = 0, None
    while True:
        connection.search(
            _SUFFIX,
            user_filter(settings, attributes),
            attributes=attributes,
            paged_size=_PAGE,
            paged_cookie=cookie,
        )
        count += len(connection.response or ())
        controls = connection.result["controls"]
        cookie = controls["1.2.840.113556.1.4.319"]["value"]["cookie"]
        if not cookie:
            break
    connection.unbind()
    if count != USERS:
        raise SystemExit(f"{count} entries came, not {USERS}")


def _picture() -> Snapshot:
    """Half of them are known, with other names; and some who are gone from the directory."""
    lines = [f"user:u{n:05}@corp:1:0:Old:Name:::" for n in range(USERS // 2, USERS + 20)]
    realm = f"ldap: corp\n\tserver1 {_HOST}\n\tbase_dn {_SUFFIX}\n\tuser_attr uid\n"

    def part(value: Any) -> Part[Any]:
        return Part(value, "files", 0.0)

    return Snapshot(
        taken_at=0.0,
        source="files",
        access=part(parse_user_config("\n".join(lines).encode())),
        realms=part(parse_domains(realm.encode())),
        tfa=UNTOLD,
        datacenter=UNTOLD,
        jobs=UNTOLD,
        passwords=UNTOLD,
        token_secrets=UNTOLD,
        cluster=UNTOLD,
        inventory=UNTOLD,
    )


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# --- the server ------------------------------------------------------------------------------


@contextmanager
def _server() -> Iterator[tuple[int, str]]:
    """Its port, and what it is."""
    slapd, slapadd = shutil.which("slapd", path=_PATH), shutil.which("slapadd", path=_PATH)
    with ExitStack() as ends:
        if slapd and slapadd:
            folder = Path(ends.enter_context(tempfile.TemporaryDirectory()))
            yield ends.enter_context(_slapd(folder, slapd, slapadd)), "slapd"
        else:
            yield ends.enter_context(_simulated()), "the demo's server"


@contextmanager
def _slapd(folder: Path, slapd: str, slapadd: str) -> Iterator[int]:
    schemas = ("core", "cosine", "nis", "inetorgperson")
    includes = "\n".join(f"include /etc/ldap/schema/{name}.schema" for name in schemas)
    config, ldif, port = folder / "slapd.conf", folder / "data.ldif", _free_port()
    (folder / "db").mkdir()
    config.write_text(_CONFIG.format(includes=includes, folder=folder))
    ldif.write_text("\n".join(_entries()))
    subprocess.run([slapadd, "-q", "-f", config, "-l", ldif], check=True, capture_output=True)
    command = [slapd, "-f", str(config), "-h", f"ldap://{_HOST}:{port}/", "-d", "0"]
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _entries() -> Iterator[str]:
    yield f"dn: {_SUFFIX}\nobjectClass: domain\ndc: example\n"
    for n in range(USERS):
        yield (
            f"dn: uid=u{n:05},{_SUFFIX}\nobjectClass: inetOrgPerson\nuid: u{n:05}\n"
            f"cn: Given Name{n}\nsn: Name{n}\ngivenName: Given\nmail: u{n:05}@example.test\n"
        )


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait(port: int, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection((_HOST, port), 1.0):
            return
        time.sleep(0.05)
    raise SystemExit("slapd does not answer")


@contextmanager
def _simulated() -> Iterator[int]:
    """The demo's own, on a port of this machine; it works in threads of this process."""
    from pve_auth_tui.simnode.ldapserver.accounts import PASSWORD, Accounts
    from pve_auth_tui.simnode.ldapserver.entries import Entry, Tree
    from pve_auth_tui.simnode.ldapserver.searching import Directory
    from pve_auth_tui.simnode.ldapserver.server import LdapServer

    def entry(text: str) -> Entry:
        values: dict[str, list[str | bytes]] = {}
        for name, _, value in (line.partition(": ") for line in text.strip().split("\n")):
            values.setdefault(name, []).append(value)
        (dn,) = values.pop("dn")
        return Entry(str(dn), values)

    admin = Entry(_ADMIN, {PASSWORD: [_PASSWORD]})
    tree = Tree([*map(entry, _entries()), admin])
    server = LdapServer(_HOST, Directory(tree, _SUFFIX), Accounts(tree, time.time), time.time)
    with socket.create_server((_HOST, 0)) as listener:
        Thread(target=_accept, args=(listener, server.serve), daemon=True).start()
        yield listener.getsockname()[1]


def _accept(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    with suppress(OSError):
        while True:
            Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

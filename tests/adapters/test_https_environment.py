"""Nothing in the environment sends a call elsewhere, adds a CA or a login, or writes keys (R1)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.core.errors import Untrusted
from tests.adapters.https_parts import https
from tests.adapters.tls_server import Authority, pve_listener, tcp_listener

TRAPS = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
EVIL = Authority("a CA that somebody slipped in")
NODE = Authority().issue()


@pytest.fixture
def poisoned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a .netrc, and an environment that names a foreign CA and a key log."""
    ca, home = tmp_path / "evil.pem", tmp_path / "home"
    ca.write_bytes(EVIL.pem)
    home.mkdir()
    (home / ".netrc").write_text("machine 127.0.0.1 login evil password canary\n")
    (home / ".netrc").chmod(0o600)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(ca))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    monkeypatch.setenv("NETRC", str(home / ".netrc"))
    monkeypatch.setenv("HOME", str(home))
    return tmp_path


def test_a_ca_from_the_environment_is_not_trusted(poisoned: Path) -> None:
    for pin in (Pin(NODE.pem), Pin(ca_pem=Authority().pem)):
        with pve_listener(EVIL.issue(), poisoned) as listener:
            with pytest.raises(Untrusted):
                https(listener, pin).call("GET", ("version",))
            assert bytes(listener.received) == b""


def test_no_proxy_no_netrc_and_no_key_log(poisoned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tcp_listener(lambda *_: None) as proxy, pve_listener(NODE, poisoned) as listener:
        for name in TRAPS:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert https(listener, Pin(NODE.pem)).call("GET", ("version",)) == "fine"
        assert proxy.connections == 0
        assert "authorization" not in listener.asked[0].headers
    assert not (poisoned / "keys.log").exists()


def test_nothing_heavy_is_loaded_before_the_first_call() -> None:
    code = (
        "import sys\n"
        "from pve_auth_tui.adapters.certificate import Pin\n"
        "from pve_auth_tui.adapters.https import Https\n"
        "Https('pve1', 8006, Pin(fingerprint='0' * 64))\n"
        "print(*{'requests', 'urllib3', 'proxmoxer', 'certifi', 'cryptography'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.split() == []


def test_without_its_packages_the_way_is_unreachable_and_no_crash() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pve_auth_tui.adapters.certificate import Pin\n"
        "from pve_auth_tui.adapters.https import Https\n"
        "from pve_auth_tui.core.errors import Unreachable\n"
        "try:\n"
        "    Https('127.0.0.1', 8006, Pin(sys.argv[2].encode())).call('GET', ('version',))\n"
        "except Unreachable as error:\n"
        "    print(error)\n"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, root, NODE.pem.decode()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "needs the packages proxmoxer and requests" in done.stdout

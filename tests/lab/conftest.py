"""A real directory for tests that need one: a private slapd, which takes no root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pve_auth_tui.simnode.faults import Faults
from tests.conformance.certificates import Authority
from tests.conformance.slapd import Slapd
from tests.conformance.start import Stage, host_files
from tests.lab.adlab.lab import Lab


@pytest.fixture
def slapd(tmp_path: Path) -> Iterator[Slapd]:
    """Ports and content are those of golden/ldap."""
    with Slapd(tmp_path / "slapd") as running:
        yield running


@pytest.fixture(scope="session")
def keys() -> dict[str, bytes]:
    """The node's files; its keys are made once."""
    return host_files()


@pytest.fixture
def stage(slapd: Slapd, keys: dict[str, bytes]) -> Stage:
    """A node that knows the directory's authority, and another one."""
    authorities = {
        "etc/pve/pve-root-ca.pem": slapd.ca,
        "etc/pve/other-ca.pem": Authority("Somebody else").pem,
    }
    stage = Stage({}, {**keys, **authorities}, Faults())
    stage.now = 1795300000.0
    return stage


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Samba's Active Directory, slapds and an OpenID provider, for all tests of a run.

    The client trusts the CAs of its own system, which no variable of ours may stand for.
    """
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        os.environ.pop(name, None)
    with Lab(tmp_path_factory.mktemp("lab") / "servers") as running:
        yield running

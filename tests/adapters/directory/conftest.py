"""One authority for all of these tests, and a realm that trusts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.adapters.directory.directories import LdapDirectories
from pve_auth_tui.core.directory.settings import DirectorySettings
from tests.adapters.directory.authority import Authority
from tests.adapters.directory.server import HereNetwork

HOST = "dc01.example.com"


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def ca_file(tmp_path: Path, authority: Authority) -> Path:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.pem)
    return path


@pytest.fixture
def directories() -> LdapDirectories:
    return LdapDirectories(HereNetwork(), seconds=5.0)


@pytest.fixture
def realm(ca_file: Path) -> Callable[..., DirectorySettings]:
    """A realm at a port, verified by our authority unless told otherwise."""

    def settings(port: int, mode: Any = "ldaps", **options: Any) -> DirectorySettings:
        given: dict[str, Any] = {"verify": True, "capath": str(ca_file)} | options
        return DirectorySettings("corp", "ldap", (HOST,), port, mode, **given)

    return settings

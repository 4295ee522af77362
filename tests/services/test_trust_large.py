"""A file that is too large to be a CA's: it is said in words of CAs, as it is of a pasted one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pve_auth_tui.adapters.directory.certificatefile import read_certificates
from pve_auth_tui.adapters.inputfile import input_reader
from pve_auth_tui.adapters.rootfs import RootTree
from pve_auth_tui.core.errors import Unreadable, UsageError
from pve_auth_tui.services.trust import TrustService
from tests.services.trustbench import TrustBench


def service(bench: TrustBench) -> TrustService:
    """With files of this machine for input, as on a node."""
    return TrustService(
        bench.host,
        bench.directories,
        bench.plans,
        bench.outlooks,
        clock=bench.clock,
        read_certificates=read_certificates,
        read_file=input_reader(lambda: RootTree(Path("/"))),
    )


def test_a_file_larger_than_a_mebibyte_is_told_as_no_ca(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(UsageError, match=f"^{path} is larger than 1 MiB") as raised:
        service(TrustBench()).from_file(str(path))
    assert raised.value.hint == "A CA's certificate is some KiB."


def test_what_else_cannot_be_read_is_told_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="not a file"):
        service(TrustBench()).from_file(str(tmp_path))

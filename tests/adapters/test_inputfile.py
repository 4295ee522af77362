"""A file that somebody names is read only where no link of somebody else leads to it (R30b)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pve_auth_tui.adapters.inputfile import input_reader
from pve_auth_tui.core.errors import Refused


class Noted:
    """A tree that tells what it was asked for."""

    source = "files"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, path: str) -> bytes:
        self.asked.append(path)
        return b"read"

    def names(self, folder: str) -> tuple[str, ...]:
        return ()


def test_a_file_and_our_own_link_are_read(tmp_path: Path) -> None:
    tree, file, link = Noted(), tmp_path / "ca.pem", tmp_path / "link"
    file.write_bytes(b"x")
    link.symlink_to(file)
    read = input_reader(lambda: tree)
    assert read(str(file)) == read(str(link)) == b"read"
    assert tree.asked == [str(file).lstrip("/"), str(link).lstrip("/")]


@pytest.mark.parametrize("name", ["link", "folder/ca.pem"])
def test_somebody_else_s_link_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Neither at the end nor on the way. Who asks is somebody else than who made it."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "ca.pem").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real" / "ca.pem")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    real = os.lstat

    def of_somebody_else(path: object) -> os.stat_result:
        found = real(path)  # type: ignore[arg-type]
        return os.stat_result((*found[:4], 65_534, *found[5:10]))

    monkeypatch.setattr("pve_auth_tui.adapters.inputfile.os.lstat", of_somebody_else)
    tree = Noted()
    with pytest.raises(Refused, match="somebody else's link"):
        input_reader(lambda: tree)(str(tmp_path / name))
    assert tree.asked == []


def test_what_is_not_there_is_told_by_who_reads(tmp_path: Path) -> None:
    tree = Noted()
    input_reader(lambda: tree)(str(tmp_path / "nothing"))
    assert len(tree.asked) == 1

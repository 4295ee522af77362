"""The large cluster that most bounds speak of, as files below a folder."""

from __future__ import annotations

from pathlib import Path

from pve_auth_tui.simnode.scale import big_tree


def write(folder: Path) -> None:
    """10,000 users, 2,000 groups, 20,000 ACL lines, 5,000 tokens, 5,000 users with TFA."""
    big_tree().written_to(folder)


def write_empty(folder: Path) -> None:
    """The same cluster without what the lists show: one user, no group, no ACL line."""
    tree = big_tree()
    nobody = {"etc/pve/user.cfg": b"user:root@pam:1:0:::::\n", "etc/pve/priv/tfa.cfg": b"{}"}
    tree.with_files(nobody).written_to(folder)

"""Files replaced as a whole: only these, only as they were looked at, never half."""

import hashlib
import os

import pytest

from pve_auth_tui.adapters.swap import FileSwaps
from pve_auth_tui.core.errors import Refused, Unreadable, Unwritable
from pve_auth_tui.core.plan import FileSwap
from pve_auth_tui.core.secret import Secret

OLD = b"user:root@pam:0:0:::::\n"
NEW = "user:root@pam:1:0:::::\xe4\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "etc/pve/priv").mkdir(parents=True)
    (tmp_path / "etc/pve/user.cfg").write_bytes(OLD)
    return tmp_path


def step(path="/etc/pve/user.cfg", content=NEW, expected=OLD):
    digest = "" if expected is None else hashlib.sha256(expected).hexdigest()
    return FileSwap(path, Secret(content), digest)


def names(folder):
    return sorted(os.listdir(folder))


def test_the_file_is_replaced_and_nothing_else_is_left(root):
    FileSwaps(root).swap(step())
    assert (root / "etc/pve/user.cfg").read_bytes() == NEW.encode("latin-1")
    assert names(root / "etc/pve") == ["priv", "user.cfg"]


def test_a_file_that_does_not_hold_what_was_written_is_told(root, monkeypatch):
    real = os.rename

    def rename(*names, **folders):
        real(*names, **folders)
        (root / "etc/pve/user.cfg").write_bytes(b"somebody else's")

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(Unwritable, match="does not hold what was written"):
        FileSwaps(root).swap(step())


def test_the_mode_stays(root):
    (root / "etc/pve/user.cfg").chmod(0o640)
    FileSwaps(root).swap(step())
    assert (root / "etc/pve/user.cfg").stat().st_mode & 0o777 == 0o640


def test_a_file_that_was_not_there_is_made_for_us_alone(root):
    FileSwaps(root).swap(step("/etc/pve/priv/tfa.cfg", "{}", None))
    made = root / "etc/pve/priv/tfa.cfg"
    assert (made.read_text(), made.stat().st_mode & 0o777) == ("{}", 0o600)


def test_something_else_than_was_looked_at_is_left_alone(root):
    with pytest.raises(Refused, match="not what was looked at"):
        FileSwaps(root).swap(step(expected=b"older"))
    with pytest.raises(Refused, match="not what was looked at"):
        FileSwaps(root).swap(step(expected=None))
    with pytest.raises(Refused, match="not what was looked at"):
        FileSwaps(root).swap(step("/etc/pve/domains.cfg"))
    assert (root / "etc/pve/user.cfg").read_bytes() == OLD
    assert names(root / "etc/pve") == ["priv", "user.cfg"]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/shadow",
        "/etc/pve/corosync.conf",
        "/etc/pve/priv/authkey.key",
        "/etc/pve/../passwd",
        "/etc/pve/priv/../user.cfg",
        "etc/pve/user.cfg",
        "user.cfg",
        "/etc/pve/",
    ],
)
def test_no_other_file_is_ever_replaced(root, path):
    with pytest.raises(Refused, match="no file that this program replaces"):
        FileSwaps(root).swap(step(path, expected=None))
    assert names(root) == ["etc"]


def test_no_link_is_followed(root, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "target").write_bytes(OLD)
    (root / "etc/pve/user.cfg").unlink()
    (root / "etc/pve/user.cfg").symlink_to(outside / "target")
    with pytest.raises(Unreadable):
        FileSwaps(root).swap(step())
    (root / "etc/pve/priv").rmdir()
    (root / "etc/pve/priv").symlink_to(outside)
    with pytest.raises(Unwritable):
        FileSwaps(root).swap(step("/etc/pve/priv/tfa.cfg", expected=None))
    assert names(outside) == ["target"]
    assert (outside / "target").read_bytes() == OLD


def test_what_is_no_file_is_left_alone(root):
    os.mkfifo(root / "etc/pve/domains.cfg")
    with pytest.raises(Unreadable, match="not a regular file"):
        FileSwaps(root).swap(step("/etc/pve/domains.cfg"))


def test_without_the_cluster_file_system_nothing_is_made(tmp_path):
    with pytest.raises(Unwritable):
        FileSwaps(tmp_path).swap(step(expected=None))
    assert names(tmp_path) == []


def test_a_disk_that_takes_nothing_leaves_the_old_file(root, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pve_auth_tui.adapters.swap.os.fsync", full)
    with pytest.raises(Unwritable, match="No space left"):
        FileSwaps(root).swap(step())
    assert (root / "etc/pve/user.cfg").read_bytes() == OLD
    assert names(root / "etc/pve") == ["priv", "user.cfg"]

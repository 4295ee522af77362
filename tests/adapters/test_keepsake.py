"""Where a sheet of recovery keys may lie, and where not."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pve_auth_tui.adapters.keepsake import NEVER, Keepsake
from pve_auth_tui.adapters.mounts import Mount, mount_of
from pve_auth_tui.core.errors import Refused, Unreadable, Unwritable, UsageError
from pve_auth_tui.core.secret import Secret

SHEET = Secret("0123-4567-89ab-cdef\n")
DISK = Mount("ext4", frozenset({"rw"}))
MEMORY = Mount("tmpfs", frozenset({"rw", "noswap"}))
STICK = Mount("ext4", frozenset({"rw"}), removable=True)
FAT = Mount("vfat", frozenset({"rw"}), removable=True)


def on(mount: Mount) -> Keepsake:
    """A keepsake whose folders all lie on that mount."""
    return Keepsake(lambda folder: mount, never=())


@pytest.fixture
def safe(tmp_path: Path) -> Path:
    """A folder for its owner alone."""
    folder = tmp_path / "safe"
    folder.mkdir(mode=0o700)
    return folder


def test_a_sheet_is_a_new_file_for_its_owner_alone(safe: Path) -> None:
    kept = on(MEMORY).save(safe / "keys.txt", SHEET)
    assert kept.path.read_text() == SHEET.reveal()
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert list(safe.iterdir()) == [kept.path]


@pytest.mark.parametrize(
    ("mount", "remarks"),
    [
        (MEMORY, ["in memory"]),
        (Mount("tmpfs", frozenset(), swaps=True), ["in memory", "Swap is on"]),
        (Mount("ramfs", frozenset()), ["in memory"]),
        (STICK, ["removable stick"]),
        (FAT, ["removable stick", "Modes do not exist there"]),
        (DISK, ["backups and snapshots"]),
    ],
)
def test_what_to_know_about_the_place_is_said_before_and_after(
    mount: Mount, remarks: list[str], safe: Path
) -> None:
    said = on(mount).remarks(safe / "keys.txt")
    assert not (safe / "keys.txt").exists()
    assert len(said) == len(remarks)
    assert all(words in sentence for words, sentence in zip(remarks, said, strict=True))
    assert on(mount).save(safe / "keys.txt", SHEET).remarks == said


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse", "fuse.sshfs", "9p", "ceph", "proc", "?"])
def test_no_network_no_fuse_and_nothing_unknown(kind: str, safe: Path) -> None:
    keepsake = on(Mount(kind, frozenset()))
    with pytest.raises(Refused, match="may be on another machine"):
        keepsake.remarks(safe / "keys.txt")
    with pytest.raises(Refused, match="may be on another machine"):
        keepsake.save(safe / "keys.txt", SHEET)
    assert list(safe.iterdir()) == []


def test_a_folder_without_modes_that_is_no_stick_is_refused(safe: Path) -> None:
    with pytest.raises(Refused, match="no removable stick"):
        on(Mount("vfat", frozenset())).save(safe / "keys.txt", SHEET)


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o1777])
def test_a_folder_that_others_can_use_is_refused(mode: int, safe: Path) -> None:
    safe.chmod(mode)
    with pytest.raises(Refused, match="can be used by others"):
        on(STICK).save(safe / "keys.txt", SHEET)
    assert list(safe.iterdir()) == []


def test_on_fat_the_modes_that_the_kernel_makes_up_do_not_count(safe: Path) -> None:
    safe.chmod(0o755)
    assert on(FAT).save(safe / "keys.txt", SHEET).path.exists()


def test_a_folder_of_somebody_else_is_refused(safe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: safe.stat().st_uid + 1)
    with pytest.raises(Refused, match="belongs to somebody else"):
        on(MEMORY).save(safe / "keys.txt", SHEET)


def test_nothing_is_ever_written_over(safe: Path) -> None:
    for name, make in {
        "file": lambda path: path.write_text("mine"),
        "folder": lambda path: path.mkdir(),
        "link": lambda path: path.symlink_to(safe / "elsewhere"),
        "pipe": os.mkfifo,
    }.items():
        make(safe / name)
        with pytest.raises(Unwritable, match="exists already"):
            on(MEMORY).remarks(safe / name)
        with pytest.raises(Unwritable, match="exists already"):
            on(MEMORY).save(safe / name, SHEET)
    assert (safe / "file").read_text() == "mine"
    assert not (safe / "elsewhere").exists()


@pytest.mark.parametrize("path", ["keys.txt", "./keys.txt", "/", "/root/..", ""])
def test_only_the_whole_path_of_a_file_is_taken(path: str) -> None:
    with pytest.raises(UsageError, match="whole path of a file"):
        on(MEMORY).save(Path(path), SHEET)


@pytest.mark.parametrize("place", NEVER)
def test_some_places_are_never_taken(place: Path) -> None:
    with pytest.raises(Refused, match="no place for secrets") as caught:
        Keepsake(lambda folder: MEMORY).save(place / "keys.txt", SHEET)
    assert "--save" not in caught.value.hint  # screens have no such option
    with pytest.raises(Refused, match="no place for secrets"):
        Keepsake(lambda folder: MEMORY).save(place / "deeper" / "keys.txt", SHEET)


def test_a_link_does_not_lead_around_that(safe: Path) -> None:
    (safe / "link").symlink_to("/etc/pve")
    with pytest.raises(Refused, match="no place for secrets"):
        Keepsake(lambda folder: MEMORY).save(safe / "link" / "keys.txt", SHEET)


def test_dots_do_not_lead_around_that_either(safe: Path) -> None:
    forbidden = safe.parent / "forbidden"
    forbidden.mkdir(mode=0o700)
    keepsake = Keepsake(lambda folder: DISK, never=(forbidden,))
    with pytest.raises(Refused, match="no place for secrets"):
        keepsake.save(safe / ".." / "forbidden" / "keys.txt", SHEET)
    assert list(forbidden.iterdir()) == []


@pytest.mark.parametrize("part", ["safe", "safe/inner"])
def test_a_link_that_is_put_there_meanwhile_is_not_followed(
    part: str, safe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (safe / "inner").mkdir(mode=0o700)
    place, real = safe.parent / part, os.path.realpath

    def looked_at_too_early(path: Path) -> str:
        found = real(path)
        place.rename(safe.parent / "moved")
        place.symlink_to(safe.parent / "moved")
        return found

    monkeypatch.setattr(os.path, "realpath", looked_at_too_early)
    with pytest.raises(Unwritable):
        on(DISK).save(safe / "inner" / "keys.txt", SHEET)
    assert list(safe.parent.rglob("keys.txt")) == []


def test_a_folder_that_is_not_there_is_not_made(safe: Path) -> None:
    with pytest.raises(Unwritable, match="No such file or directory"):
        on(MEMORY).save(safe / "typo" / "keys.txt", SHEET)
    assert list(safe.iterdir()) == []


def test_a_file_that_cannot_be_finished_leaves_nothing(
    safe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unwritable, match="No space left"):
        on(MEMORY).save(safe / "keys.txt", SHEET)
    assert list(safe.iterdir()) == []


# --- what a folder lies on ---------------------------------------------------------------


class Kernel:
    """/proc and /sys made of files."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.sys = folder / "proc", folder / "sys"
        (self.proc / "self/fdinfo").mkdir(parents=True)
        (self.proc / "self/fdinfo/7").write_text("pos:\t0\nflags:\t0200000\nmnt_id:\t42\n")
        self.swaps = self.proc / "swaps"
        self.swaps.write_text("Filename\tType\tSize\tUsed\tPriority\n")

    def mounted(self, line: str) -> Mount:
        others = "41 1 8:2 / / rw - ext4 /dev/sdz9 rw\n421 1 8:3 / /x rw - xfs /dev/sdz8 rw\n"
        (self.proc / "self/mountinfo").write_text(f"{others}42 41 {line}\n")
        return mount_of(7, self.proc, self.sys)

    def device(self, numbers: str, place: str, *, removable: str = "") -> Path:
        folder = self.sys / "devices" / place
        folder.mkdir(parents=True, exist_ok=True)
        if removable:
            (folder / "removable").write_text(f"{removable}\n")
        link = self.sys / "dev/block" / numbers
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(folder)
        return folder


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def test_memory_is_swapped_only_where_there_is_swap_and_it_may_be(kernel: Kernel) -> None:
    plain = "0:50 / /run/keys rw,nosuid shared:7 - tmpfs tmpfs rw,size=1024k"
    assert kernel.mounted(plain) == Mount("tmpfs", frozenset({"rw", "size=1024k"}))
    with kernel.swaps.open("a") as file:
        file.write("/dev/dm-1\tpartition\t8388604\t0\t-2\n")
    assert kernel.mounted(plain).swaps
    assert not kernel.mounted(f"{plain},noswap").swaps
    assert not kernel.mounted("0:51 / /mnt rw - ramfs none rw").swaps


def test_a_partition_is_as_removable_as_its_disk(kernel: Kernel) -> None:
    kernel.device("8:16", "usb1/block/sdb", removable="1")
    kernel.device("8:17", "usb1/block/sdb/sdb1")
    kernel.device("8:0", "ata1/block/sda", removable="0")
    kernel.device("8:1", "ata1/block/sda/sda1")
    assert kernel.mounted("8:17 / /mnt rw - vfat /no/sdb1 rw,fmask=0077").removable
    assert kernel.mounted("8:16 / /mnt rw - ext4 /no/sdb rw").removable
    assert not kernel.mounted("8:1 / /mnt rw - ext4 /no/sda1 rw").removable
    assert not kernel.mounted("8:99 / /mnt rw - ext4 /no/sdc rw").removable


def test_an_encrypted_stick_is_still_a_stick(kernel: Kernel) -> None:
    kernel.device("8:16", "usb1/block/sdb", removable="1")
    kernel.device("8:0", "ata1/block/sda", removable="0")
    stick = kernel.device("8:17", "usb1/block/sdb/sdb1")
    disk = kernel.device("8:1", "ata1/block/sda/sda1")
    volume = kernel.device("253:0", "virtual/block/dm-0", removable="0")
    (volume / "slaves").mkdir()
    (volume / "slaves/sdb1").symlink_to(stick)
    line = "253:0 / /mnt/keys rw - ext4 /dev/mapper/keys rw"
    assert kernel.mounted(line).removable
    (volume / "slaves/sda1").symlink_to(disk)
    assert not kernel.mounted(line).removable


def test_a_ring_of_devices_ends(kernel: Kernel) -> None:
    volume = kernel.device("253:0", "virtual/block/dm-0")
    (volume / "slaves").mkdir()
    (volume / "slaves/dm-0").symlink_to(volume)
    assert not kernel.mounted("253:0 / /mnt rw - ext4 /dev/mapper/x rw").removable


@pytest.mark.parametrize("line", ["", "not a line", "0:1 / /x rw tmpfs tmpfs rw"])
def test_a_mount_that_is_not_told_is_no_place(kernel: Kernel, line: str) -> None:
    with pytest.raises(Unreadable, match="does not say"):
        kernel.mounted(line)


def test_without_proc_there_is_no_place(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="does not say"):
        mount_of(7, tmp_path, tmp_path)


def test_the_kernel_of_this_machine_tells_it(safe: Path) -> None:
    folder = os.open("/proc", os.O_RDONLY)
    try:
        assert mount_of(folder).type == "proc"
    finally:
        os.close(folder)

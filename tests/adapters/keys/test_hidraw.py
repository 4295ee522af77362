"""The kernel's side: what is plugged in, and reports to and from it."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.adapters.keys import hidraw
from pve_auth_tui.adapters.keys.hidraw import HidrawBus, HidrawWire
from pve_auth_tui.adapters.keys.usb import UsbKeys
from pve_auth_tui.core.keys import KeyPlace, ScanState
from pve_auth_tui.core.keytrouble import Kind
from tests.adapters.keys.descriptors import KEY, KEYBOARD
from tests.adapters.keys.parts import kind_of


class House:
    """A /dev, a /sys and the rest, as files."""

    def __init__(self, folder: Path) -> None:
        self.dev, self.sys, self.root = folder / "dev", folder / "sys", folder / "root"
        for one in (self.dev, self.sys, self.root):
            one.mkdir()

    @property
    def bus(self) -> HidrawBus:
        return HidrawBus(str(self.dev), str(self.sys), self.root)

    def plug(self, number: int, descriptor: bytes, uevent: str = "", node: bool = True) -> str:
        device = self.sys / f"hidraw{number}" / "device"
        device.mkdir(parents=True)
        (device / "report_descriptor").write_bytes(descriptor)
        (device / "uevent").write_text(uevent)
        path = self.dev / f"hidraw{number}"
        if node:
            path.touch()
        return str(path)

    def tell(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


UEVENT = """DRIVER=hid-generic
HID_ID=0003:00001050:00000407
HID_NAME=Yubico YubiKey OTP+FIDO+CCID
HID_PHYS=usb-0000:00:14.0-1/input1
HID_UNIQ=0012345678
"""


def test_nothing_plugged_in(house: House) -> None:
    assert house.bus.look()[:5] == (ScanState.NOTHING, (), (), 0, "")


def test_no_dev_and_no_sys_at_all() -> None:
    scan = HidrawBus("/nowhere/dev", "/nowhere/sys", Path("/nowhere")).look()
    assert scan.state is ScanState.NOTHING


def test_a_key_among_keyboards(house: House) -> None:
    for number in (0, 1, 11):
        house.plug(number, KEYBOARD)
    path = house.plug(2, KEY, UEVENT)
    house.plug(10, KEY)
    scan = house.bus.look()
    assert scan.state is ScanState.FOUND
    assert scan.keys == (
        KeyPlace(path, "Yubico YubiKey OTP+FIDO+CCID", "0012345678", 0x1050, 0x0407),
        KeyPlace(str(house.dev / "hidraw10")),
    )
    assert scan.others == 3


def test_devices_without_a_key(house: House) -> None:
    house.plug(0, KEYBOARD)
    house.plug(1, b"")
    assert house.bus.look()[:5] == (ScanState.NO_KEY, (), (), 2, "")


def test_a_key_that_the_container_has_no_node_for(house: House) -> None:
    house.tell("run/systemd/container", "lxc\n")
    house.plug(0, KEY, node=False)
    house.plug(1, KEYBOARD, node=False)
    assert house.bus.look()[:5] == (ScanState.CONTAINER, (), (), 1, "lxc")


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EPERM, errno.EBUSY, errno.EIO])
def test_a_key_that_cannot_be_opened(
    house: House, refusal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = house.plug(0, KEY)
    monkeypatch.setattr(hidraw.os, "open", _refusing(path, refusal))
    scan = house.bus.look()
    assert (scan.state, scan.denied) == (ScanState.DENIED, (path,))
    assert kind_of(UsbKeys(house.bus).open, path) is Kind.NOT_ALLOWED


@pytest.mark.parametrize("refusal", [errno.ENOENT, errno.ENODEV, errno.ENXIO])
def test_a_key_that_is_pulled_during_the_look(
    house: House, refusal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = house.plug(0, KEY)
    kept = house.plug(1, KEY)
    monkeypatch.setattr(hidraw.os, "open", _refusing(path, refusal))
    scan = house.bus.look()
    assert [key.path for key in scan.keys] == [kept]
    assert not scan.denied


def _refusing(path: str, refusal: int) -> Any:
    plain = os.open

    def refuse(what: Any, *args: Any, **kwargs: Any) -> int:
        if str(what) == path:
            raise OSError(refusal, os.strerror(refusal))
        return plain(what, *args, **kwargs)

    return refuse


def test_one_bad_device_does_not_hide_the_others(house: House) -> None:
    broken = house.sys / "hidraw0" / "device"
    broken.mkdir(parents=True)
    (broken / "report_descriptor").mkdir()
    (house.dev / "hidraw0").touch()
    (house.dev / "hidraw1").symlink_to("hidraw1")
    (house.sys / "hidraw1").write_text("no folder")
    house.plug(2, b"\xff" * 9999, "HID_ID=:::::::\nHID_NAME")
    path = house.plug(3, KEY, "HID_ID=nonsense\nHID_NAME=\x1b[2Jname" + "x" * 300)
    scan = house.bus.look()
    assert [key.path for key in scan.keys] == [path]
    assert scan.keys[0].product.startswith("[2Jname")
    assert len(scan.keys[0].product) == 64
    assert scan.others == 3


def test_other_names_are_no_devices_and_there_is_an_end_of_them(house: House) -> None:
    for name in ("hidraw", "hidrawx", "hidraw-1", "hidraw01", "hidraw99999", "xhidraw1"):
        (house.dev / name).touch()
    assert house.bus.look().state is ScanState.NOTHING
    for number in range(70):
        house.plug(number, KEY)
    assert len(house.bus.look().keys) == 64


def test_a_link_is_no_device(house: House, tmp_path: Path) -> None:
    path = house.plug(0, KEY, node=False)
    Path(path).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").touch()
    scan = house.bus.look()
    assert (scan.state, scan.denied) == (ScanState.DENIED, (path,))


def test_what_is_no_hidraw_node_is_never_written_to(house: House, tmp_path: Path) -> None:
    file = house.plug(0, KEY)
    Path(file).write_text("precious")
    assert kind_of(UsbKeys(house.bus).open, file) is Kind.UNPLUGGED
    assert Path(file).read_text() == "precious"
    for path in ("/etc/shadow", "/dev/null", "hidraw0", "", str(house.dev / "../dev/hidraw0x")):
        with pytest.raises(OSError, match="no HID device"):
            house.bus.open(path)


@pytest.mark.parametrize(
    ("files", "machine"),
    [
        ({}, ""),
        ({"proc/1/environ": "container=lxc\0TERM=linux\0"}, "lxc"),
        ({"run/systemd/container": "systemd-nspawn"}, "systemd-nspawn"),
        ({"sys/class/dmi/id/sys_vendor": "QEMU\n"}, "kvm"),
        ({"sys/class/dmi/id/product_name": "VMware7,1\n"}, "vmware"),
        ({"sys/class/dmi/id/product_name": "VirtualBox\n"}, "virtualbox"),
        (
            {
                "sys/class/dmi/id/sys_vendor": "Microsoft Corporation",
                "sys/class/dmi/id/product_name": "Virtual Machine",
            },
            "hyper-v",
        ),
        (
            {
                "sys/class/dmi/id/sys_vendor": "Microsoft Corporation",
                "sys/class/dmi/id/product_name": "Surface",
            },
            "",
        ),
        ({"sys/class/dmi/id/sys_vendor": "Supermicro\n", "proc/1/environ": "TERM=x\0"}, ""),
        ({"sys/hypervisor/type": "xen\n"}, "xen"),
        ({"run/systemd/container": "\x1b[2Jl x c" + "y" * 99}, "2jlxc" + "y" * 23),
    ],
    ids=str,
)
def test_what_the_node_runs_on(house: House, files: dict[str, str], machine: str) -> None:
    for name, text in files.items():
        house.tell(name, text)
    assert house.bus.look().machine == machine


# --- one device ---------------------------------------------------------------------------


@pytest.fixture
def pair() -> Any:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    wire = HidrawWire(ours.detach())
    yield wire, theirs
    wire.close()
    theirs.close()


def test_reports_go_out_with_their_number_and_come_in_without(pair: Any) -> None:
    wire, device = pair
    wire.write(b"a" * 64)
    assert device.recv(100) == b"\0" + b"a" * 64
    device.send(b"b" * 64)
    assert wire.read(1.0) == b"b" * 64


def test_silence_is_a_timeout(pair: Any) -> None:
    wire, _ = pair
    with pytest.raises(TimeoutError):
        wire.read(0.0)
    with pytest.raises(TimeoutError):
        wire.read(-1.0)


def test_a_device_that_goes_says_so(pair: Any) -> None:
    wire, device = pair
    device.close()
    with pytest.raises(OSError, match="unplugged"):
        wire.read(1.0)
    with pytest.raises(OSError, match="pipe"):
        wire.write(b"a" * 64)


def test_a_closed_device_is_closed(pair: Any) -> None:
    wire, _ = pair
    wire.close()
    wire.close()
    with pytest.raises(OSError, match="closed"):
        wire.write(b"a" * 64)
    with pytest.raises(OSError, match="closed"):
        wire.read(0.0)


def test_a_report_that_is_cut_short_is_an_error(monkeypatch: pytest.MonkeyPatch, pair: Any) -> None:
    wire, _ = pair
    monkeypatch.setattr(hidraw.os, "write", lambda *_: 3)
    with pytest.raises(OSError, match="cut short"):
        wire.write(b"a" * 64)


def test_a_report_that_somebody_else_took_is_a_timeout(
    monkeypatch: pytest.MonkeyPatch, pair: Any
) -> None:
    wire, device = pair
    device.send(b"b" * 64)

    def taken(*_: object) -> bytes:
        raise BlockingIOError

    monkeypatch.setattr(hidraw.os, "read", taken)
    with pytest.raises(TimeoutError):
        wire.read(1.0)


def test_over_host_the_scan_says_that_the_node_is_another_machine(house: House) -> None:
    assert UsbKeys(house.bus, far=True).scan().far
    assert not UsbKeys(house.bus).scan().far

"""Is this node itself a guest? Told by files alone: nothing is run, nothing can hang.

The same places that systemd-detect-virt looks at (systemd, src/basic/virt.c).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_MOST: Final = 65536
# What firmware calls itself, and what people call it.
_VENDORS: Final = (
    ("QEMU", "kvm"),
    ("KVM", "kvm"),
    ("OpenStack", "kvm"),
    ("KubeVirt", "kvm"),
    ("Amazon EC2", "amazon"),
    ("VMware", "vmware"),
    ("VMW", "vmware"),
    ("innotek GmbH", "virtualbox"),
    ("VirtualBox", "virtualbox"),
    ("Xen", "xen"),
    ("Bochs", "bochs"),
    ("Parallels", "parallels"),
    ("BHYVE", "bhyve"),
    ("Hyper-V", "hyper-v"),
    ("Apple Virtualization", "apple"),
    ("Google Compute Engine", "google"),
)
_DMI: Final = ("product_name", "sys_vendor", "board_vendor", "bios_vendor")


def machine(root: Path = Path("/")) -> str:
    """`lxc`, `kvm` and the like; "" on bare metal, or where nothing can be read."""
    return _container(root) or _virtual(root)


def _container(root: Path) -> str:
    told = _read(root / "run/systemd/container").strip()
    if told:
        return _word(told)
    for one in _read(root / "proc/1/environ").split("\0"):
        if one.startswith("container="):
            return _word(one.removeprefix("container="))
    return ""


def _virtual(root: Path) -> str:
    for name in _DMI:
        told = _read(root / "sys/class/dmi/id" / name)
        for vendor, word in _VENDORS:
            if told.startswith(vendor):
                return word
    if _read(root / "sys/class/dmi/id/sys_vendor").startswith("Microsoft Corporation") and _read(
        root / "sys/class/dmi/id/product_name"
    ).startswith("Virtual Machine"):
        return "hyper-v"
    return _word(_read(root / "sys/hypervisor/type").strip())


def _word(told: str) -> str:
    return "".join(one for one in told[:32] if one.isalnum() or one in "-_").lower()


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return ""

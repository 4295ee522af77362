"""Packages: which a join needs, which are there, what apt would do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.packages import (
    NEEDED,
    PackagePreview,
    missing,
    parse_query,
    preview,
    preview_command,
    query,
)
from tests.core.replay import SUITES, said, told

ADDS = """\
NOTE: This is only a simulation!
Reading package lists...
Building dependency tree...
Reading state information...
The following additional packages will be installed:
  libsss-idmap0 sssd-ad
The following NEW packages will be installed:
  adcli libsss-idmap0 sssd sssd-ad
0 upgraded, 4 newly installed, 0 to remove and 5 not upgraded.
Inst libsss-idmap0 (2.10.1-2+b1 Debian:13.0/stable [amd64])
Inst sssd-ad (2.10.1-2+b1 Debian:13.0/stable [amd64]) []
Inst sssd (2.10.1-2+b1 Debian:13.0/stable [amd64])
Inst adcli (0.9.2-1+b1 Debian:13.0/stable [amd64])
Conf adcli (0.9.2-1+b1 Debian:13.0/stable [amd64])
"""
CHANGES = """\
The following held packages will be changed:
  libc6
The following packages will be REMOVED:
  winbind
1 upgraded, 1 newly installed, 1 to remove and 5 not upgraded.
Need to get 12.3 MB of archives.
Remv winbind [2:4.22.3]
Inst libc6 [2.41-1] (2.41-12 Debian:13.0/stable [amd64])
Inst adcli (0.9.2-1+b1 Debian:13.0/stable [amd64])
"""


@pytest.mark.parametrize("suite", SUITES)
def test_what_is_installed(suite):
    """dpkg-query ends with 1 when it knows one of them not, and tells the others all the same."""
    run = said("dpkg-query", suite)
    assert run.code == 1
    states = parse_query(run.out)
    assert states == dict.fromkeys(("adcli", "packagekit", "realmd", "sssd"), "ii")
    assert missing(states) == ("sssd-tools", "libnss-sss", "libpam-sss", "samba-common-bin")


def test_a_package_that_was_removed_is_missing():
    states = parse_query(["realmd rc  0.17.1", "adcli iF  0.9.2", "sssd ii  2.10", "", "x"])
    assert missing(states, ("realmd", "adcli", "sssd")) == ("realmd", "adcli")


def test_the_questions_are_absolute_and_change_nothing():
    assert query(("adcli",))[0] == "/usr/bin/dpkg-query"
    assert preview_command(("adcli",)) == (
        "/usr/bin/apt-get",
        "-s",
        "--no-install-recommends",
        "install",
        "adcli",
    )


def test_the_domains_sudo_rules_are_not_installed():
    assert "libsss-sudo" not in NEEDED
    assert "packagekit" in NEEDED  # without it realmd calls all packages missing


def test_only_new_packages():
    found = preview(told("apt-get", 0, ADDS))
    assert found == PackagePreview(("libsss-idmap0", "sssd-ad", "sssd", "adcli"))


def test_other_packages_would_change():
    found = preview(told("apt-get", 0, CHANGES))
    assert found == PackagePreview(
        ("adcli",), ("libc6",), ("winbind",), ("libc6",), (C.PACKAGES_UPGRADE,)
    )


@pytest.mark.parametrize(
    ("err", "cause"),
    [
        ("E: Unable to locate package adcli", C.PACKAGES_UNKNOWN),
        ("E: Package 'adcli' has no installation candidate", C.PACKAGES_UNKNOWN),
        ("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend)", C.APT_LOCKED),
        ("E: Unmet dependencies.", C.APT_FAILED),
        ("", C.APT_FAILED),
    ],
)
def test_apt_that_cannot(err, cause):
    """Its exit code is 100 for all of them."""
    assert preview(told("apt-get", 100, "", err)).causes == (cause,)


def test_nothing_to_do():
    lines = said("apt-sim", "host").out
    found = preview(told("apt-get", 0, "\n".join(lines[:5])))
    assert found == PackagePreview()


@given(st.lists(st.text(max_size=30), max_size=20), st.sampled_from([0, 100, None, -9]))
def test_no_lines_make_them_fail(lines, code):
    parse_query(lines)
    preview(told("apt-get", code, "\n".join(lines)))

"""R1, name by name: what reaches the program and its children of all that is known to steer one.

`test_environment` shows for some of them what they would do. Here each name counts, with a value
that would be harmless, so that none is let through for its value's sake.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from pve_auth_tui import environment
from pve_auth_tui.adapters.host import run_command
from pve_auth_tui.adapters.hostsystem import SystemHost
from pve_auth_tui.core.plan import HostCommand

PROJECT: Final = Path(__file__).parents[2]

STEERS: Final = {
    "the loader and libc": """
        LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT LD_BIND_NOW LD_DEBUG_OUTPUT LD_PROFILE_OUTPUT
        LD_ORIGIN_PATH GLIBC_TUNABLES GCONV_PATH LOCPATH NLSPATH GETCONF_DIR MALLOC_CHECK_
        MALLOC_TRACE TZ TZDIR LOCALDOMAIN RES_OPTIONS HOSTALIASES RESOLV_HOST_CONF RESOLV_MULTI
        LANGUAGE TMPDIR TEMP TMP
    """,
    "shells": "BASH_ENV ENV IFS CDPATH GLOBIGNORE SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND SHELL",
    "Perl and Python": """
        PERL5LIB PERLLIB PERL5OPT PERL5DB PERLIO PERL_UNICODE PERL_HASH_SEED_DEBUG PYTHONPATH
        PYTHONHOME PYTHONSTARTUP PYTHONINSPECT PYTHONUSERBASE PYTHONWARNINGS PYTHONPLATLIBDIR
        PYTHONBREAKPOINT PYTHONPYCACHEPREFIX PYTHONIOENCODING PYTHONDEVMODE PYTHONEXECUTABLE
        PYTHONFAULTHANDLER PYTHONTRACEMALLOC PYTHONPROFILEIMPORTTIME PYTHONMALLOC PYTHON_GIL TEXTUAL
        TEXTUAL_PRESS TEXTUAL_LOG TEXTUAL_DRIVER TEXTUAL_SCREENSHOT TEXTUAL_DEBUG
    """,
    "Kerberos, LDAP, SASL": """
        KRB5_CONFIG KRB5CCNAME KRB5_KTNAME KRB5_CLIENT_KTNAME KRB5_TRACE KRB5RCACHETYPE
        KRB5RCACHENAME KRB5_KDC_PROFILE GSS_MECH_CONFIG LDAPCONF LDAPRC LDAPNOINIT LDAPURI LDAPBASE
        LDAPTLS_CACERT LDAPTLS_REQCERT LDAPTLS_CERT LDAPTLS_KEY LDAPSASL_MECH SASL_PATH
        SASL_CONF_PATH
    """,
    "TLS and the network": """
        SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES
        OPENSSL_CONF_INCLUDE GNUTLS_SYSTEM_PRIORITY_FILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
        http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy ftp_proxy no_proxy
        NO_PROXY
    """,
    "D-Bus, systemd, sssd": """
        DBUS_SYSTEM_BUS_ADDRESS DBUS_SESSION_BUS_ADDRESS DBUS_STARTER_ADDRESS DBUS_FATAL_WARNINGS
        SYSTEMD_PAGER SYSTEMD_PAGERSECURE SYSTEMD_EDITOR SYSTEMD_LESS SYSTEMD_LOG_LEVEL
        SYSTEMD_UNIT_PATH SYSTEMD_IGNORE_CHROOT SYSTEMD_OFFLINE SYSTEMCTL_SKIP_SYSV
        SYSTEMCTL_FORCE_BUS NOTIFY_SOCKET LISTEN_FDS LISTEN_PID MAINPID INVOCATION_ID JOURNAL_STREAM
        CREDENTIALS_DIRECTORY _SSS_LOOPS SSS_NSS_USE_MEMCACHE SSS_NSS_MCACHE_DISABLE
    """,
    "apt and dpkg": """
        APT_CONFIG DPKG_ROOT DPKG_ADMINDIR DPKG_DATADIR DPKG_FORCE DPKG_COLORS DPKG_MAINTSCRIPT_ARCH
        DPKG_PAGER DPKG_SHELL DEBIAN_FRONTEND DEBIAN_PRIORITY DEBCONF_DB_OVERRIDE DEBCONF_DB_REPLACE
        DEBCONF_DEBUG DEBCONF_PIPE APT_LISTCHANGES_FRONTEND APT_LISTBUGS_FRONTEND NEEDRESTART_MODE
    """,
    "what starts another program": """
        PATH HOME PAGER MANPAGER LESS LESSOPEN LESSCLOSE LESSSECURE EDITOR VISUAL SUDO_EDITOR
        BROWSER TERMINFO TERMINFO_DIRS TERMCAP TERMPATH XDG_CONFIG_HOME XDG_CONFIG_DIRS
        XDG_DATA_HOME XDG_DATA_DIRS XDG_RUNTIME_DIR XDG_CACHE_HOME SSH_AUTH_SOCK SSH_ASKPASS DISPLAY
        GIT_SSH_COMMAND MAIL MAILRC USER LOGNAME SUDO_USER SUDO_COMMAND PVE_LOG_ID REMOTE_USER
        G_MESSAGES_DEBUG GIO_EXTRA_MODULES GIO_MODULE_DIR GIO_USE_VFS GSETTINGS_BACKEND G_DEBUG
    """,
}  # fmt: skip
NAMES: Final = sorted({name for names in STEERS.values() for name in names.split()})
OWN: Final = {"PATH", "HOME"}
"""Of those the program has some, too: its own."""


@pytest.fixture
def poisoned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """All of them lead to a folder that nobody may look into; its path."""
    for name in NAMES:
        monkeypatch.setenv(name, str(tmp_path))
    return str(tmp_path)


def test_none_of_them_stays_in_the_programs_own_environment(poisoned: str) -> None:
    assert len(NAMES) > 100
    kept = environment.clean(os.environ, "/root")
    assert kept.keys() & set(NAMES) == OWN
    assert poisoned not in kept.values()


@pytest.mark.parametrize("name", ["LD_", "PYTHON", "OPENSSL_", "GCONV_PATH", "LOCPATH"])
def test_what_acts_before_our_first_line_starts_the_program_afresh(name: str) -> None:
    for one in (found for found in NAMES if found.startswith(name)):
        assert environment.without_start_up_traps({one: "/x", "TERM": "xterm"}, {}) == {
            "TERM": "xterm"
        }, one


def test_none_of_them_reaches_a_step_on_the_node(poisoned: str) -> None:
    said = SystemHost().ask(("/usr/bin/env",))
    assert sorted(said.out) == expected()


def test_none_of_them_reaches_a_command(poisoned: str) -> None:
    lines: list[str] = []
    run_command(HostCommand(("/usr/bin/env",)), lines.append)
    assert sorted(lines) == expected()


def test_and_none_a_step_of_a_program_that_was_started_with_them(tmp_path: Path) -> None:
    """From outside to a child: what would stop Python itself, or print, is left out."""
    script = f"""
import os, sys
sys.path.insert(0, {str(PROJECT)!r})
from pve_auth_tui import environment
environment.start_afresh()
with environment.scrubbed():
    from pve_auth_tui.adapters.hostsystem import SystemHost
    import json
    said = SystemHost().ask(("/usr/bin/env",))
    print(json.dumps([sorted(os.environ), said.out]))
"""
    loud = {"LD_PRELOAD", "LD_AUDIT", "PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONFAULTHANDLER"}
    loud |= {"PYTHONTRACEMALLOC", "PYTHONMALLOC", "PYTHONIOENCODING", "PYTHONEXECUTABLE"}
    loud |= {"PYTHONPROFILEIMPORTTIME", "PYTHONINSPECT", "PYTHON_GIL", "PYTHONWARNINGS"}
    env = {name: str(tmp_path) for name in NAMES if name not in loud} | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    ours, childs = json.loads(done.stdout)
    assert set(ours) == {"PATH", "HOME", "LC_ALL"}
    assert sorted(childs) == expected()


def expected() -> list[str]:
    home = pwd.getpwuid(os.geteuid()).pw_dir
    return [f"HOME={home}", "LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]

"""What the stages of a realm's test are called, and what all of it came to in one line."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.realmtest.report import NOT_REACHED, RealmTest, Stage
from pve_auth_tui.core.words import count_words

_TITLES: Final = {
    Stage.ADDRESS: "Address",
    Stage.CERTIFICATE: "Certificate",
    Stage.USERS: "Users, PVE's own filter",
    Stage.GROUPS: "Groups and members",
    Stage.NAMES: "Names PVE would skip",
    Stage.LOGIN: "Try one person's login",
}
_SHORT: Final = 0.1  # seconds, below which milliseconds are told
_VERSIONS: Final = {"tlsv1": "1.0", "tlsv1_1": "1.1", "tlsv1_2": "1.2", "tlsv1_3": "1.3"}


def stage_title(stage: Stage, settings: DirectorySettings) -> str:
    """As the drawing has it, such as `Port 389`, `Bind as proxmox_auth`. Untrusted text."""
    match stage:
        case Stage.PORT:
            return f"Port {settings.port}"
        case Stage.STARTTLS:
            return "TLS answers" if settings.mode == "ldaps" else "STARTTLS offered"
        case Stage.VERSION:
            return f"TLS {version_name(settings.version)} only, as PVE"
        case Stage.BIND:
            return (
                f"Bind as {short_name(settings.bind_dn)}" if settings.bind_dn else _nobody(settings)
            )
        case Stage.BASE:
            return f"Base {settings.base_dn}" if settings.base_dn else "Base of the server's own"
    return _TITLES[stage]


def version_name(version: str) -> str:
    """`1.2` of `tlsv1_2`."""
    return _VERSIONS.get(version, version)


def short_name(bind_dn: str) -> str:
    """`proxmox_auth` of `CN=proxmox_auth,OU=Service,DC=example,DC=com` and of a UPN."""
    first = bind_dn.partition(",")[0]
    name = first.partition("=")[2] if "=" in first else bind_dn.partition("@")[0]
    return name.strip() or bind_dn


def _nobody(settings: DirectorySettings) -> str:
    by_certificate = settings.verify and settings.cert and settings.certkey
    return "Client certificate, no bind" if by_certificate else "Bind as nobody"


def summary(test: RealmTest) -> str:
    """`20 checks: 11 ok, 2 to look at, 1 bad, 6 not reached. 0.7 s. Nothing changed.`

    A stage that the realm does not have is no check, nor is a login that nobody tried.
    """
    words = [
        NOT_REACHED if check.text == NOT_REACHED else check.word
        for check in test.checks
        if check.word != "-" or check.text == NOT_REACHED or check.causes
    ]
    counts = (
        ("ok", "ok"), ("LOOK", "to look at"), ("BAD", "bad"),
        ("-", "waiting for a yes"), (NOT_REACHED, NOT_REACHED),
    )  # fmt: skip
    told = ", ".join(f"{words.count(word)} {text}" for word, text in counts if word in words)
    begin = f"{count_words(len(words), 'check', 'checks')}: {told}." if words else "No checks."
    end = "Stopped before the end. Nothing changed." if test.stopped else "Nothing changed."
    return f"{begin[0].upper()}{begin[1:]} {test.seconds:.1f} s. {end}"


def seconds_text(seconds: float) -> str:
    """`3 ms`, `0.6 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < _SHORT else f"{seconds:.1f} s"

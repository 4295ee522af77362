"""What lies in /usr/local/share/ca-certificates, and what is wrong with it.

update-ca-certificates ends with 0 and says `1 added` of rubbish as well (reference/host.md 5), so
each file is told of by what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pve_auth_tui.core.finding import Finding, Word
from pve_auth_tui.core.trust.judging import judged
from pve_auth_tui.core.trust.model import Authority, Contents, Form
from pve_auth_tui.core.trust.naming import called
from pve_auth_tui.core.trust.places import FOLDER

_COUNTS: Final = ".crt"
_MEANT: Final = (".cer", ".pem", ".der", ".cert", ".p7b", ".p7c")
_ANEW: Final = "Import it with this program, then remove this file."
_UPDATE: Final = "Run update-ca-certificates, or import it anew."


@dataclass(frozen=True, slots=True)
class Stored:
    """One file. `name`: below the folder. `sha256`: of its octets, "" where it cannot be read;
    then `problem` says why. `mode`: permission bits. `bundled`, `hashed`: SHA-256 of those of its
    certificates that the bundle has, and that the hashed folder alone verifies; `asked` says
    whether the latter was looked at.
    """

    name: str
    sha256: str = ""
    mode: int = 0o644
    uid: int = 0
    contents: Contents = field(default=Contents(Form.OTHER), repr=False)
    bundled: frozenset[str] = frozenset()
    hashed: frozenset[str] = frozenset()
    asked: bool = False
    problem: str = ""

    @property
    def path(self) -> str:
        return f"{FOLDER}/{self.name}"

    @property
    def counts(self) -> bool:
        """update-ca-certificates takes it."""
        return self.name.endswith(_COUNTS)

    @property
    def is_trusted(self) -> bool:
        """Everything in it, by bundle and hashed folder, as far as was looked."""
        wanted = {one.sha256 for one in self.contents.authorities}
        in_folder = not self.asked or wanted <= self.hashed
        return bool(wanted) and wanted <= self.bundled and in_folder


@dataclass(frozen=True, slots=True)
class LocalStore:
    """`files` by name; `ghosts`: certificates that the bundle has and no file does any more;
    `trusted`: SHA-256 of everything in the bundle, `subjects` of the CAs among them; `problem`:
    why the bundle is not known.
    """

    files: tuple[Stored, ...] = ()
    ghosts: tuple[Authority, ...] = ()
    trusted: frozenset[str] = frozenset()
    problem: str = ""

    def at(self, name: str) -> Stored | None:
        return next((one for one in self.files if one.name == name), None)

    def others_with(self, sha256: str, name: str) -> tuple[str, ...]:
        """Other files that count and hold the same certificate."""
        return tuple(
            one.name
            for one in self.files
            if one.name != name
            and one.counts
            and sha256 in {each.sha256 for each in one.contents.authorities}
        )


def findings_of(stored: Stored, now: float) -> tuple[Finding, ...]:
    """BAD first; nothing for a file that is as it should be."""
    order: Mapping[Word, int] = {"BAD": 0, "LOOK": 1, "ok": 2, "-": 3}
    return tuple(sorted(_findings(stored, now), key=lambda one: order[one.word]))


def word_of(stored: Stored, now: float) -> Word:
    """The worst of its findings; `-` for a file that is none of update-ca-certificates'."""
    found = findings_of(stored, now)
    if found:
        return found[0].word
    return "ok" if stored.counts else "-"


def ghost_finding(ghost: Authority) -> Finding:
    return Finding(
        "BAD",
        f"{called(ghost.certificate)} is trusted by the bundle, and its file is gone.",
        "Run update-ca-certificates --fresh.",
    )


def _findings(stored: Stored, now: float) -> Iterator[Finding]:
    if stored.problem:
        yield Finding("LOOK", stored.problem.rstrip(".") + ".", "Look at what it is.")
        return
    yield from _safety(stored)
    contents = stored.contents
    if contents.form is Form.KEY:
        return
    if not stored.counts:
        if contents.authorities or stored.name.endswith(_MEANT):
            text = "It is ignored: update-ca-certificates reads names that end in .crt alone."
            yield Finding("LOOK", text, _ANEW)
        return
    if not contents.authorities:
        text = "It holds no certificate, and stands in the system's bundle all the same."
        yield Finding("BAD", text, "Remove it.")
        return
    yield from _form(contents)
    yield from _each(stored, now)
    if not (contents.broken or _is_wrong_form(contents)):
        yield from _trust(stored)


def _safety(stored: Stored) -> Iterator[Finding]:
    if stored.contents.has_key:
        open_to = "Everybody on this node can read it." if stored.mode & 0o044 else ""
        hint = "Take it away, and tell whoever it belongs to: it has to be replaced."
        yield Finding("BAD", f"A private key lies here. {open_to}".strip(), hint)
    if stored.mode & 0o022 or stored.uid != 0:
        whose = "others can write it" if stored.mode & 0o022 else "it is not root's"
        text = f"Somebody else decides whom this node trusts: {whose}."
        yield Finding("BAD", text, "chown root:root and chmod 644, after a look at what it holds.")
    if stored.counts and not stored.mode & 0o004:
        text = "Only root can read it, so services of other users do not trust it."
        yield Finding("LOOK", text, "chmod 644: certificates are public.")


def _is_wrong_form(contents: Contents) -> bool:
    return contents.form is not Form.PEM or len(contents.authorities) > 1


def _form(contents: Contents) -> Iterator[Finding]:
    if contents.form is not Form.PEM:
        text = (
            f"It is {contents.form.value}, not PEM: it is appended as it is, and trusted nowhere."
        )
        yield Finding("BAD", text, _ANEW)
    elif len(contents.authorities) > 1:
        text = (
            f"{len(contents.authorities)} certificates in one file: the bundle trusts them, the"
            " hashed folder does not, so PVE's realms do not."
        )
        yield Finding("BAD", text, "Import it with this program: it makes one file of each.")
    if contents.broken:
        yield Finding("BAD", "A part of it cannot be read as a certificate.", _ANEW)


def _each(stored: Stored, now: float) -> Iterator[Finding]:
    """Certificates that nobody should trust. A leaf harms nothing here, and helps nobody."""
    several = len(stored.contents.authorities) > 1
    for one in stored.contents.authorities:
        certificate = one.certificate
        lead = f"{called(certificate)}: " if several else ""
        for finding in judged(certificate, now):
            word: Word = (
                "LOOK" if not certificate.is_ca and not certificate.problem else (finding.word)
            )
            yield finding._replace(word=word, text=lead + finding.text)


def _trust(stored: Stored) -> Iterator[Finding]:
    wanted = {one.sha256 for one in stored.contents.authorities}
    if not wanted <= stored.bundled:
        text = "It is not in the bundle: update-ca-certificates has not run since."
        yield Finding("BAD", text, _UPDATE)
    elif stored.asked and not wanted <= stored.hashed and not _explained(stored):
        text = "The bundle trusts it, the hashed folder alone does not, so PVE's realms do not."
        yield Finding("BAD", text, _UPDATE)


def _explained(stored: Stored) -> bool:
    """A certificate that is no CA's is verified by nothing; that is said already."""
    return any(not one.certificate.is_ca for one in stored.contents.authorities)

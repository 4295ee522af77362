"""What has to be well before a join: facts in, one row of the table out. Texts are untrusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.host import keytab
from pve_auth_tui.core.host.ports import Said
from pve_auth_tui.core.join import access, names, packages, seen
from pve_auth_tui.core.join import account as accounts
from pve_auth_tui.core.join.adtimes import windows_time
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import SNIPPET, START_FILE, JoinCheck, JoinWish, NodeState, Topic
from pve_auth_tui.core.join.outcomes import classify, telling
from pve_auth_tui.core.join.realmd import discovered
from pve_auth_tui.core.join.rows import row
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.words import ago, count_words, listed


def membership(
    state: NodeState,
    domain: str,
    sssd_conf: str = "",
    snippets: Mapping[str, str] = MappingProxyType({}),
) -> JoinCheck:
    """Is the node in a domain already, or has an earlier membership left something?

    `sssd_conf`: the text of sssd.conf, "" where there is none; `snippets`: path -> text of what
    lies in conf.d.
    """
    mine = state.member_of(domain)
    if mine:
        text = f"is joined to {mine.domain} already"
        if SNIPPET in state.files:  # a join or a permit was ended in its middle
            text = f"is joined to {mine.domain}, but nobody gets in: {SNIPPET}"
        return row(Topic.MEMBER, "BAD", text, JoinCause.ALREADY_MEMBER)
    other = next((one for one in state.memberships if one.configured), None)
    if other:
        fact = Fact(seen.OTHER_DOMAIN, other.domain)
        text = f"is joined to {other.domain}"
        return row(Topic.MEMBER, "BAD", text, JoinCause.OTHER_MEMBER, facts=(fact,))
    if sssd_conf.strip() and access.sections(sssd_conf) is None:
        text = f"not joined, but {access.SSSD_CONF} cannot be read by sssd"
        fact = Fact(seen.FILES, access.SSSD_CONF)
        return row(Topic.MEMBER, "BAD", text, JoinCause.SSSD_CONFIG, facts=(fact,))
    if beside := access.elsewhere(snippets, domain):
        text = f"not joined; {listed(beside)} says who may log in"
        facts = [Fact(seen.FILES, path) for path in beside]
        return row(Topic.MEMBER, "BAD", text, JoinCause.ACCESS_ELSEWHERE, facts=facts)
    foreign = tuple(name for name in access.domains(sssd_conf) if name.lower() != domain.lower())
    if foreign:
        text = f"not joined; {access.SSSD_CONF} serves {listed(foreign)}"
        facts = [Fact(seen.OTHER_DOMAIN, listed(foreign)), Fact(seen.FILES, access.SSSD_CONF)]
        return row(Topic.MEMBER, "LOOK", text, JoinCause.SSSD_OTHER, facts=facts)
    left = [keytab.PATH] if state.principals else []
    # realmd refuses then, after it has made the account
    refuses = domain.lower() in map(str.lower, access.listed_domains(sssd_conf))
    if refuses or access.domains(sssd_conf):
        left.append(access.SSSD_CONF)
    left += [path for path in (SNIPPET, START_FILE) if path in state.files]
    if left:
        text = f"not joined, but left over: {listed(left)}"
        facts = [Fact(seen.FILES, path) for path in left]
        word: Word = "BAD" if refuses else "LOOK"
        return row(Topic.MEMBER, word, text, JoinCause.LEFTOVERS, facts=facts)
    return row(Topic.MEMBER, "ok", "in no domain yet")


def host_name(
    state: NodeState, wish: JoinWish, addresses: Sequence[str] = (), others: Sequence[str] = ()
) -> JoinCheck:
    """The names that the account gets. `addresses`: those of the node's own full name; `others`:
    the names of the cluster's other nodes.
    """
    name = state.fqdn or state.short
    computer = wish.computer or state.computer
    facts = [Fact(seen.NODE, name), Fact(seen.COMPUTER, computer)]
    causes: list[JoinCause] = []
    notes: list[str] = []
    word: Word = "ok"
    label = name.partition(".")[0]
    if names.computer_problem(computer) or not computer:
        word = "BAD"
        causes.append(JoinCause.NAME_UNFIT)
        notes.append(f"{computer or label or 'it'} is no computer's name")
    elif not wish.computer and len(label) > names.LONGEST_COMPUTER:
        same = names.colliding(name, tuple(others))
        word = "BAD" if same else "LOOK"
        causes.append(JoinCause.NAME_TOO_LONG)
        facts.append(Fact(seen.PROPOSED, names.proposed_computer(name, _tail(label))))
        facts.extend(Fact(seen.NODES, one) for one in same)
        notes.append(f"cut to {computer}" + (f", as is {listed(same)}" if same else ""))
    loop = [one for one in addresses if one.startswith("127.") or one == "::1"]
    if loop:
        causes.append(JoinCause.LOOPBACK_NAME)
        notes.append(f"stands for {loop[0]}")
    if "." not in state.fqdn:
        causes.append(JoinCause.NO_FQDN)
        notes.append("no domain")
    elif state.fqdn.partition(".")[2].lower() != wish.domain.lower():
        causes.append(JoinCause.OTHER_DOMAIN)
        notes.append(f"not in {wish.domain}")
    if causes and word == "ok":
        word = "LOOK"
    length = f"{len(computer)} of {names.LONGEST_COMPUTER} characters"
    text = f"{name}; " + ("; ".join(notes) if notes else f"NetBIOS {computer}, {length}")
    return JoinCheck(Topic.NAME, word, text, tuple(causes), tuple(facts))


def discovery(said: Said) -> JoinCheck:
    """What `realm discover` made of the domain."""
    found = discovered(said)
    original = said.text
    if found:
        text = f"realmd found {found.realm or found.domain}, Active Directory"
        return row(Topic.DISCOVERY, "ok", text, original=original)
    causes = classify(said, "discover")
    text = "realmd gave no answer in time" if said.code is None else telling(said)
    return JoinCheck(Topic.DISCOVERY, "BAD", text, causes, original=original)


def package_state(
    states: Mapping[str, str], preview: packages.PackagePreview | None = None, original: str = ""
) -> JoinCheck:
    """What is missing, and what apt would do about it."""
    lacking = packages.missing(states)
    if not lacking:
        return row(Topic.PACKAGES, "ok", f"all {len(packages.NEEDED)} are installed")
    facts = [Fact(seen.MISSING, one) for one in lacking]
    missing = JoinCause.PACKAGES_MISSING
    if preview is None:
        return row(Topic.PACKAGES, "LOOK", f"{listed(lacking)} missing", missing, facts=facts)
    facts.extend(Fact(seen.ADDED, one) for one in preview.added)
    changed = dict.fromkeys((*preview.upgraded, *preview.removed, *preview.held))
    facts.extend(Fact(seen.CHANGED, one) for one in changed)
    if JoinCause.PACKAGES_UPGRADE in preview.causes:
        parts = [
            f"{verb} {listed(some, 2)}"
            for verb, some in (("upgrades", preview.upgraded), ("removes", preview.removed))
            if some
        ] or [f"changes {listed(preview.held, 2)}, on hold"]
        text = f"needs {count_words(len(lacking), 'package', 'packages')}; {', '.join(parts)}"
        causes = (*preview.causes, missing)
        return row(Topic.PACKAGES, "LOOK", text, *causes, facts=facts, original=original)
    if preview.causes:
        causes = (*preview.causes, missing)
        text = f"{listed(lacking)} missing, and apt cannot get {_them(lacking)}"
        return row(Topic.PACKAGES, "BAD", text, *causes, facts=facts, original=original)
    text = f"adds {listed(tuple(dict.fromkeys((*lacking, *preview.added))))}; no upgrades"
    return row(Topic.PACKAGES, "LOOK", text, missing, facts=facts, original=original)


_NOT_ASKED: Final = {
    JoinCause.WRONG_PASSWORD: "not looked for: wrong password",
    JoinCause.UNKNOWN_USER: "not looked for: no such user in the domain",
}


def account(
    wish: JoinWish,
    state: NodeState,
    said: Said | None,
    now: float,
    *,
    cluster: str = "",
) -> JoinCheck:
    """Is the account there, and whose is it? `said`: of `adcli show-computer`, None without a
    password. `cluster`: its name, for another computer's name.
    """
    computer = wish.computer or state.computer
    facts = [Fact(seen.COMPUTER, computer)]
    if said is None:
        text = "not looked for yet: that needs the password"
        return row(Topic.ACCOUNT, "LOOK", text, JoinCause.ACCOUNT_UNKNOWN, facts=facts)
    original = said.text
    causes = classify(said, "show-computer")
    if causes and causes != (JoinCause.NO_ACCOUNT,):
        text = _NOT_ASKED.get(causes[0], "could not be looked for")
        return row(Topic.ACCOUNT, "BAD", text, *causes, facts=facts, original=original)
    found = accounts.NOT_THERE if causes else accounts.parse(said.out)
    if not found.there:
        return row(Topic.ACCOUNT, "ok", f"{computer}$ is free", facts=facts, original=original)
    changed = windows_time(found.changed)
    if found.host:
        facts.append(Fact(seen.HOLDER, found.host))
    if changed is not None:
        facts.append(Fact(seen.PASSWORD_SET, ago(changed, now)))
    if not found.host or any(found.is_of(name) for name in (state.fqdn, state.short) if name):
        whose = "is this node's" if found.host else "names no host"
        text = f"{computer}$ exists and {whose}"
        cause = JoinCause.ACCOUNT_EXISTS
        return row(Topic.ACCOUNT, "LOOK", text, cause, facts=facts, original=original)
    proposed = names.proposed_computer(state.fqdn or state.short, cluster)
    facts.append(Fact(seen.PROPOSED, proposed))
    text = f"{computer}$ exists and belongs to {found.host}"
    word: Word = "BAD"
    if wish.take_over:
        word, text = "LOOK", f"{computer}$ belongs to {found.host}; the join takes it over"
    cause = JoinCause.ACCOUNT_OF_OTHER
    return row(Topic.ACCOUNT, word, text, cause, facts=facts, original=original)


def pam(word: Word, text: str, details: Sequence[str] = ()) -> JoinCheck:
    """The verdict of `core.pam` in its own words."""
    facts = [Fact(seen.REMARK, one) for one in details]
    cause = () if word in ("ok", "-") else (JoinCause.PAM_UNSAFE,)
    return row(Topic.PAM, word, text, *cause, facts=facts)


def sudo(state: NodeState) -> JoinCheck:
    """Does the node ask the domain for sudo rules?"""
    if state.sudo:
        text = "nsswitch.conf asks sss: the domain can give rights of root"
        return row(Topic.SUDO, "LOOK", text, JoinCause.SUDO_RULES)
    return row(Topic.SUDO, "ok", "none are taken from the domain")


def backup(paths: Sequence[str], unread: Sequence[str] = ()) -> JoinCheck:
    """What is copied before the join: `9 files: krb5, keytab, sssd, nsswitch, PAM`. `unread`: what
    cannot be, so that nobody could put it back.
    """
    if unread:
        facts = [Fact(seen.FILES, path) for path in unread]
        return row(Topic.BACKUP, "BAD", f"cannot be read: {listed(unread)}", facts=facts)
    kinds = dict.fromkeys(_kind(path) for path in paths)
    count = count_words(len(paths), "file", "files")
    text = f"{count}: {', '.join(kinds)}" if paths else "nothing is there yet to be kept"
    return row(Topic.BACKUP, "ok", text, facts=[Fact(seen.FILES, path) for path in paths])


def others(nodes: Sequence[str]) -> JoinCheck:
    """The other nodes of the cluster: a join is this node's alone. Theirs was not looked at."""
    if not nodes:
        return row(Topic.OTHERS, "ok", "none: this node stands alone")
    text = f"{listed(nodes)}: run this on {'it' if len(nodes) == 1 else 'each of them'}, too"
    facts = [Fact(seen.NODES, one) for one in nodes]
    return row(Topic.OTHERS, "LOOK", text, JoinCause.OTHERS_NOT_JOINED, facts=facts)


class _Kind(NamedTuple):
    part: str
    name: str


_KINDS: Final = (
    _Kind("krb5.keytab", "keytab"),
    _Kind("krb5", "krb5"),
    _Kind("sssd", "sssd"),
    _Kind("nsswitch", "nsswitch"),
    _Kind("pam.d", "PAM"),
)


def _kind(path: str) -> str:
    return next((kind.name for kind in _KINDS if kind.part in path), path.rpartition("/")[2])


def _tail(label: str) -> str:
    """What tells a long name from those that begin alike: its last part."""
    tail = label.rpartition("-")[2].upper() if "-" in label else ""
    return tail if 0 < len(tail) <= 6 and tail.isalnum() else "2"


def _them(items: Sequence[str]) -> str:
    return "it" if len(items) == 1 else "them"

"""What a hostile domain, another administrator or a sudden end could make of a join."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import Refused, Unreadable, UsageError
from pve_auth_tui.core.host.ports import OnLine, Said
from pve_auth_tui.core.join.model import SNIPPET, START_FILE, Topic
from pve_auth_tui.core.plan import HostFile, HostStep
from pve_auth_tui.core.ports import Tree
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.simnode.demopeople import DOMAIN
from tests.services.joinnode import HurtHost, JoinNode

AFTER_OURS = "/etc/sssd/conf.d/zzz.conf"
OPENS = f"[domain/{DOMAIN}]\naccess_provider = permit\n"


@pytest.fixture
def node() -> Iterator[JoinNode]:
    made = JoinNode()
    yield made
    made.close()


class Blind:
    """A tree with one file that is there and cannot be read."""

    def __init__(self, inner: Tree, path: str) -> None:
        self.inner = inner
        self.path = path

    def read(self, path: str) -> bytes:
        if path == self.path:
            raise Unreadable(f"/{path} is larger than what is read.")
        return self.inner.read(path)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


@pytest.mark.parametrize("path", ["etc/krb5.conf", "etc/krb5.keytab", "etc/sssd/sssd.conf"])
def test_a_file_that_cannot_be_kept_is_no_file_that_was_not_there(
    node: JoinNode, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else no copy of it is made, and a roll back removes it."""
    node.host.inner.machine.files.write(f"/{path}", "somebody's own\n")
    report = node.check(password=PASSWORD)
    assert report.at(Topic.BACKUP).word != "BAD"
    blind = Blind(node.host.inner.files, path)
    monkeypatch.setattr(HurtHost, "files", property(lambda self: blind))
    report = node.check(password=PASSWORD)
    assert report.at(Topic.BACKUP).word == "BAD"
    with pytest.raises(Refused, match=f"/{path}"):
        node.join.join(node.wish(), Secret(PASSWORD), report)


def test_a_domain_that_realmd_knows_by_another_name_is_not_joined(node: JoinNode) -> None:
    """realmd finds a domain by a DC's name, too: what denies all would be another section's."""
    report = node.check(password=PASSWORD)
    assert report.membership is not None
    other = replace(report, membership=report.membership._replace(domain=f"x.{DOMAIN}"))
    with pytest.raises(Refused, match=f"realmd calls it x.{DOMAIN}"):
        node.join.join(node.wish(), Secret(PASSWORD), other)
    unknown = replace(report, membership=None)
    with pytest.raises(Refused, match="realmd does not find"):
        node.join.join(node.wish(), Secret(PASSWORD), unknown)


def test_the_section_that_denies_all_is_named_as_realmd_names_its_own(node: JoinNode) -> None:
    wish = node.wish(domain=DOMAIN.upper())
    report = node.check(wish, PASSWORD)
    plan = node.plan(node.join.join(wish, Secret(PASSWORD), report))
    denies = [one for one in plan.steps if isinstance(one, HostFile) and one.path == SNIPPET]
    assert f"[domain/{DOMAIN}]\n" in (denies[0].content or "")


def test_a_file_of_sssd_that_opens_meanwhile_stops_the_join(node: JoinNode) -> None:
    """It is read after ours: everybody would get in from the first moment on."""
    plan = node.joining()
    node.host.inner.machine.files.write(AFTER_OURS, OPENS)
    before = node.disk
    with pytest.raises(Refused, match=r"zzz\.conf"):
        node.run(plan)
    assert node.disk == before
    assert node.computers == []


def test_and_who_may_log_in_is_not_said_past_it(node: JoinNode) -> None:
    node.run(node.joining())
    plan = node.plan(node.join.permit(DOMAIN, users=["anna.admin"]))
    node.host.inner.machine.files.write(AFTER_OURS, OPENS)
    with pytest.raises(Refused, match=r"zzz\.conf"):
        node.run(plan)
    with pytest.raises(Refused, match=r"zzz\.conf"):
        node.join.permit(DOMAIN, users=["anna.admin"])


def test_who_may_log_in_is_changed_behind_the_file_that_denies_all(node: JoinNode) -> None:
    """R30: sssd knows of it before realmd changes anything, and until it has changed all."""
    node.run(node.joining())
    steps = node.plan(node.join.permit(DOMAIN, users=["anna.admin"])).steps
    told = [one.path if isinstance(one, HostFile) else " ".join(one.argv[:3]) for one in steps]  # type: ignore[union-attr]
    realmd = [number for number, text in enumerate(told) if text.startswith("/usr/sbin/realm")]
    anew = ["/usr/bin/systemctl stop sssd", "/usr/bin/systemctl start sssd"]
    assert told[:2] == [START_FILE, SNIPPET]
    assert [one for one in told[: realmd[0]] if one in anew] == anew
    assert SNIPPET not in told[2 : realmd[-1]]
    assert told[realmd[-1] + 1] == SNIPPET
    assert [one for one in told[realmd[-1] :] if one in anew] == anew


def test_a_member_that_others_have_joined_is_shut_while_sssd_starts_too(node: JoinNode) -> None:
    """R30: what it has in memory goes while it is stopped, and it keeps nothing there from then."""
    node.run(node.joining())
    node.host.inner.machine.files.remove(START_FILE)
    steps = node.plan(node.join.permit(DOMAIN, users=["anna.admin"])).steps
    told = [one.path if isinstance(one, HostFile) else " ".join(one.argv[:3]) for one in steps]  # type: ignore[union-attr]
    assert told[:2] == [START_FILE, SNIPPET]
    stop = told.index("/usr/bin/systemctl stop sssd")
    assert told[stop + 1] == "/usr/bin/rm --force /var/lib/sss/mc/passwd"
    assert told[stop + 2] == "/usr/bin/systemctl start sssd"
    assert told.count(START_FILE) == 1, "it stays"


def test_of_two_domains_neither_is_taken_for_the_other(
    node: JoinNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`realm deny --all` names none: it would shut the other one out."""
    node.run(node.joining())
    state = node.state
    both = (state.memberships[0]._replace(domain="other.example"), *state.memberships)
    monkeypatch.setattr(node.join, "state", lambda: replace(state, memberships=both))
    with pytest.raises(Refused, match=r"other\.example and"):
        node.join.permit(DOMAIN, users=["anna.admin"])


def test_an_account_that_the_join_has_found_is_not_deleted(
    node: JoinNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody made it between our last look and the join, which took it over."""
    plan = node.joining()
    ask = HurtHost.ask

    def finds(
        self: HurtHost,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        seconds: float = 15.0,
        on_line: OnLine = lambda line: None,
    ) -> Said:
        said = ask(self, argv, stdin=stdin, seconds=seconds, on_line=on_line)
        if "join" in argv:
            line = " * Found computer account for PVE1$ at: CN=PVE1,CN=Computers,DC=x"
            return said._replace(err=(*said.err, line))
        return said

    monkeypatch.setattr(HurtHost, "ask", finds)
    node.host.fails = lambda argv: "deny" in argv
    done = node.run(plan)
    node.mends()
    assert not done.ok
    assert not [one for back in node.backs for one in back.steps if "delete" in shown(one)]
    assert node.computers == ["PVE1"]
    assert any("was there before" in one for one in done.left)


def test_an_account_that_was_there_is_never_deleted(node: JoinNode) -> None:
    """Not even where nobody heard what became of the join."""
    node.run(node.joining())
    node.run(node.join.leave(DOMAIN, clean_up=True))
    plan = node.joining()
    node.host.complains = lambda argv: "join" in argv
    done = node.run(plan)
    node.mends()
    assert not done.ok
    assert not [one for back in node.backs for one in back.steps if "delete" in shown(one)]
    assert node.computers == ["PVE1"]


def test_a_password_that_the_join_was_refused_is_not_sent_again(
    node: JoinNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R23: not even to look whether an account was made. Each try counts towards a lockout."""
    plan = node.joining()
    ask = HurtHost.ask

    def refused(self: HurtHost, argv: Sequence[str], **more: object) -> Said:
        if "join" in argv:
            self.fed.clear()
            return Said("realm", 1, (), ("! Preauthentication failed",))
        return ask(self, argv, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(HurtHost, "ask", refused)
    assert not node.run(plan).ok
    assert node.host.fed == []


def test_an_account_that_was_made_and_then_not_taken_is_deleted(
    node: JoinNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The DC that is asked next does not know the new account's password yet: that is no refusal
    of whoever joins, and the account is there.
    """
    plan = node.joining()
    ask = HurtHost.ask
    lines = (" * Created computer account: CN=PVE1,DC=x", " ! PVE1$@X: Preauthentication failed")

    def fails(
        self: HurtHost,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        seconds: float = 15.0,
        on_line: OnLine = lambda line: None,
    ) -> Said:
        said = ask(self, argv, stdin=stdin, seconds=seconds, on_line=on_line)
        if "join" in argv:
            ask(self, ("/usr/sbin/realm", "-v", "leave", DOMAIN))
            return said._replace(code=1, err=lines)
        return said

    monkeypatch.setattr(HurtHost, "ask", fails)
    done = node.run(plan)
    monkeypatch.undo()
    assert not done.ok
    assert done.left == ()
    assert node.computers == []


@pytest.mark.parametrize("ended_after", ["realm join", "realm deny", "realm permit"])
def test_after_a_sudden_end_the_next_look_tells_what_lies_there(
    node: JoinNode, ended_after: str
) -> None:
    """Killed in the middle: nobody gets in, and the next start says why and what to do."""
    plan = node.joining()
    for step in plan.steps:
        if isinstance(step, HostFile):
            node.host.write(step.path, step.content, step.mode, step.expected)
        else:
            assert isinstance(step, HostStep)
            node.host.ask(step.argv, stdin=step.stdin)
            if ended_after.split()[1] in step.argv:
                break
    told = node.check().at(Topic.MEMBER)
    assert told.word == "BAD"
    assert SNIPPET in told.text
    assert node.run(node.join.permit(DOMAIN, groups=["Domain Admins"])).ok  # its end
    assert node.join.validate(DOMAIN).at(Topic.POLICY).word == "ok"
    assert node.state.units["packagekit"] == "masked"
    assert SNIPPET not in node.state.files
    assert node.run(node.join.leave(DOMAIN, clean_up=True)).ok
    assert SNIPPET not in node.state.files


def test_and_where_the_node_has_not_joined_yet(node: JoinNode) -> None:
    plan = node.joining()
    for step in plan.steps:
        if isinstance(step, HostFile):
            node.host.write(step.path, step.content, step.mode, step.expected)
            if step.path == SNIPPET:
                break
        elif isinstance(step, HostStep):
            node.host.ask(step.argv, stdin=step.stdin)
    told = node.check().at(Topic.MEMBER)
    assert told.word == "LOOK"
    assert SNIPPET in told.text
    assert node.run(node.joining()).ok
    assert SNIPPET not in node.state.files


def test_a_note_that_somebody_has_spoilt_is_none(node: JoinNode) -> None:
    node.run(node.joining())
    for text in ("[" * 100_000, "null", '{"version": 1}'):
        for path in list(node.node.disk.files):  # type: ignore[attr-defined]
            if path.endswith(("manifest.json", "after.json", "added.json")):
                node.node.disk.write(path, text.encode())
        plan = node.plan(node.join.leave(DOMAIN, clean_up=True, purge=True))
        assert {one.path for one in plan.steps if isinstance(one, HostFile)} == {START_FILE}


@pytest.mark.parametrize(
    "name",
    [
        "x,y",
        "a$",
        "a\nb",
        "-g",
        "-R other",
        "a\x1b[31mb",
        "a\u202eb",
        "a;b",
        "x\\y",
        "%a",
        "a\u200bb",
    ],
)
def test_no_name_of_the_domain_becomes_more_than_one_name(node: JoinNode, name: str) -> None:
    report = node.check(node.wish(), PASSWORD)
    for changes in ({"users": (name,)}, {"groups": (name,)}):
        with pytest.raises(UsageError):
            node.join.join(node.wish(**changes), Secret(PASSWORD), report)


@pytest.mark.parametrize(
    "domain",
    [
        "../../etc",
        "a/b.example",
        "a]\n[sssd",
        "ad.example.com\n",
        "-ad.example",
        "ad\x00.x",
        "аd.lab",
    ],
)
def test_no_domain_becomes_a_path_or_a_section(node: JoinNode, domain: str) -> None:
    with pytest.raises(UsageError):
        node.check(node.wish(domain=domain))
    for done in (node.join.leave, node.join.permit, node.join.validate):
        with pytest.raises(UsageError):
            done(domain)

"""The demo's stories of the node's operating system, each to its end, by the services that screens
and commands use.
"""

from collections.abc import Iterator

import pytest

from pve_auth_tui.arguments import parse
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import JoinWish, Topic
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.equipment import equipped
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.simnode.made_up import PASSWORD
from pve_auth_tui.wiring import wired

DOMAIN = "example.com"
DC = "dc01.example.com"
ANNA, OLGA = f"anna.admin@{DOMAIN}", f"olga@{DOMAIN}"
WISH = JoinWish(DOMAIN, groups=("ProxmoxAdmins",))
TOLD = ("join packages", "account taken", "sssd dies", "wrong DNS", "PAM open", "CA not trusted")
BREAKING = TOLD[1:]


class Bench:
    """The demo as `pve-auth-tui demo` puts it together."""

    def __init__(self) -> None:
        options = parse(["demo"])
        found = wired(options)
        assert found.simulated is not None
        assert found.stories is not None
        self.stories = found.stories
        self.node = found.simulated()
        self.outlooks = OutlookService(found.pictures, found.nodes, found.proofs)
        self.shop = equipped(options, found, self.outlooks, {})

    def close(self) -> None:
        self.shop.close()
        self.outlooks.close()

    def tell(self, name, *, on=True):
        self.stories.turn(name, on=on)

    def is_on(self, name):
        return next(story.on for story in self.stories.stories if story.name == name)

    def check(self, wish=WISH):
        return self.shop.join.check(wish, self.outlooks.fresh(), password=Secret(PASSWORD))

    def run(self, intent):
        plan = self.shop.plans.review(intent, self.outlooks.fresh())
        return self.shop.join.apply(plan, override=plan.confirm)

    def join(self, wish=WISH):
        return self.run(self.shop.join.join(wish, Secret(PASSWORD), self.check(wish)))

    def left(self):
        """What a join may leave behind, as far as it is there."""
        paths = ("etc/krb5.keytab", "etc/krb5.conf", "etc/sssd/sssd.conf")
        return [path for path in paths if self.node.disk.read(path) is not None]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


@pytest.fixture
def ready(bench):
    bench.tell("join packages")
    return bench


def test_they_are_told_and_none_is_on_at_first(bench):
    told = {story.name: story for story in bench.stories.stories}
    for name in TOLD:
        assert not told[name].on
        assert told[name].breaks is (name in BREAKING)


@pytest.mark.parametrize("name", TOLD)
def test_each_is_switched_on_and_off_and_leaves_the_node_as_it_was(bench, name):
    assert bench.node.host.look("/etc/resolv.conf")  # a fresh node's files are laid then
    before = dict(bench.node.disk.files)
    bench.tell(name)
    assert bench.is_on(name)
    bench.tell(name, on=False)
    assert not bench.is_on(name)
    assert bench.node.disk.files == before


def test_all_well_mends_what_is_broken_and_keeps_the_packages(bench):
    for name in TOLD:
        bench.tell(name)
    bench.stories.mend()
    assert [name for name in TOLD if bench.is_on(name)] == ["join packages"]


def test_pve1_joins_lets_in_who_may_and_leaves(bench):
    report = bench.check()
    assert report.at(Topic.PACKAGES).causes == (JoinCause.PACKAGES_MISSING,)
    assert bench.run(bench.shop.join.install(report)).report.ok
    assert bench.check().worst != "BAD"
    assert bench.join().report.ok
    proof = bench.shop.join.validate(DOMAIN, may=(ANNA,), must_not=(OLGA,))
    assert proof.worst == "ok"
    assert bench.run(bench.shop.join.permit(DOMAIN, users=(OLGA,))).report.ok
    proof = bench.shop.join.validate(DOMAIN, may=(OLGA,), must_not=(ANNA,))
    assert proof.worst == "ok"
    leave = bench.shop.join.leave(
        DOMAIN, delete=True, user="Administrator", password=Secret(PASSWORD), clean_up=True
    )
    assert bench.run(leave).report.ok
    assert bench.left() == []
    assert bench.node.host.machine.domain.computer("PVE1") is None


def test_an_account_of_another_host_is_seen_and_taken_over_by_somebodys_word_alone(ready):
    ready.tell("account taken")
    account = ready.check().at(Topic.ACCOUNT)
    assert JoinCause.ACCOUNT_OF_OTHER in account.causes
    assert "pve1.old.example.com" in account.text
    assert "PVE1-RACK" in [fact.text for fact in account.facts]  # the cluster is called rack
    with pytest.raises(AuthTuiError):
        ready.join()
    assert ready.left() == []
    other = JoinWish(DOMAIN, groups=WISH.groups, computer="PVE1-RACK")
    assert ready.join(other).report.ok
    assert ready.is_on("account taken")


def test_an_account_that_was_taken_over_mends_the_story(ready):
    ready.tell("account taken")
    assert ready.join(JoinWish(DOMAIN, groups=WISH.groups, take_over=True)).report.ok
    assert not ready.is_on("account taken")


def test_a_dead_sssd_is_not_taken_for_success_and_nothing_is_left(ready):
    before = dict(ready.node.disk.files)
    ready.tell("sssd dies")
    done = ready.join()
    assert not done.report.ok
    assert done.rolled_back is not None
    assert ready.left() == []
    assert ready.node.host.machine.domain.computer("PVE1") is None
    after = ready.node.disk.files
    assert {path: data for path, data in after.items() if path.startswith("etc/")} == {
        path: data for path, data in before.items() if path.startswith("etc/")
    }
    ready.tell("sssd dies", on=False)
    assert ready.join().report.ok


def test_a_wrong_dns_server_is_named_before_anything_is_tried(ready):
    ready.tell("wrong DNS")
    report = ready.check()
    assert report.worst == "BAD"
    assert report.state.resolvers == ("192.0.2.53",)
    words = {report.at(topic).word for topic in (Topic.DNS, Topic.SRV, Topic.DISCOVERY)}
    assert "BAD" in words
    assert "ok" not in words


def test_a_line_that_lets_everybody_in_is_found(bench):
    assert bench.shop.pam.check().worst == "ok"
    bench.tell("PAM open")
    assert bench.shop.pam.check().worst == "BAD"
    bench.tell("PAM open", on=False)
    assert bench.shop.pam.check().worst == "ok"


def test_a_ca_that_nobody_trusts_is_imported_from_the_file_that_lies_there(bench):
    assert bench.shop.trust.check(DC).worst == "ok"
    bench.tell("CA not trusted")
    assert bench.shop.trust.check(DC).worst == "BAD"
    offer = bench.shop.trust.from_file("/root/example-ca.cer")
    plan = bench.shop.plans.review(bench.shop.trust.import_(offer), bench.outlooks.fresh())
    report = bench.shop.trust.apply(plan, override=plan.confirm)
    assert report.ok
    assert bench.shop.trust.check(DC).worst == "ok"
    assert not bench.is_on("CA not trusted")

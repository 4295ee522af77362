"""What is looked at once more right before a plan runs, and passwords that are sent to nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.joinmaking import require_password
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.simnode.demopeople import DOMAIN
from tests.services.joinnode import GROUP, JoinNode

NOT_AS_PLANNED = "not as it was when the plan was made"


@pytest.fixture
def node() -> Iterator[JoinNode]:
    made = JoinNode()
    yield made
    made.close()


@pytest.mark.parametrize("sign", ["\r", "\n", "\0"])
@pytest.mark.parametrize("place", ["{}word", "wo{}rd", "word{}", "{}"])
def test_a_password_of_more_than_one_line_is_no_password(sign: str, place: str) -> None:
    """A CR would be a part of it, and what is behind a NUL or a line feed would not: AD counts."""
    with pytest.raises(UsageError, match="line break"):
        require_password(Secret(place.format(sign)))


def test_and_nobody_is_asked_with_it(node: JoinNode) -> None:
    report = node.check(password=PASSWORD)
    node.host.fed.clear()
    with pytest.raises(UsageError, match="line break"):
        node.join.join(node.wish(computer="PVE2"), Secret(f"{PASSWORD}\r"), report)
    node.run(node.joining())
    node.host.fed.clear()
    with pytest.raises(UsageError, match="line break"):
        node.join.leave(DOMAIN, delete=True, user="Administrator", password=Secret(f"{PASSWORD}\0"))
    assert node.host.fed == []


def test_a_member_that_has_changed_does_not_leave(node: JoinNode) -> None:
    """What a clean-up would put back may be somebody else's by now."""
    node.run(node.joining())
    plan = node.plan(node.join.leave(DOMAIN, clean_up=True))
    node.host.inner.machine.files.write("/etc/krb5.conf", "[libdefaults]\n")
    before = node.disk
    with pytest.raises(Refused, match=NOT_AS_PLANNED):
        node.run(plan)
    assert node.disk == before
    assert node.state.member_of(DOMAIN) is not None


def test_nor_are_its_logins_set_over_those_of_somebody_else(node: JoinNode) -> None:
    node.run(node.joining())
    plan = node.plan(node.join.permit(DOMAIN, users=["anna.admin"]))
    node.host.inner.ask(("/usr/sbin/realm", "-v", "permit", f"carol@{DOMAIN}"))
    with pytest.raises(Refused, match=NOT_AS_PLANNED):
        node.run(plan)
    member = node.state.member_of(DOMAIN)
    assert member is not None
    assert (member.permitted_users, member.permitted_groups) == ((f"carol@{DOMAIN}",), (GROUP,))


def test_an_account_that_cannot_be_looked_for_once_more_is_not_joined(node: JoinNode) -> None:
    """The password was changed meanwhile: nothing is done with the old one."""
    plan = node.joining()
    node.host.fails = lambda argv: "show-computer" in argv
    with pytest.raises(Refused, match="could not be looked for once more"):
        node.run(plan)
    node.mends()
    assert node.state.memberships == ()
    assert node.computers == []

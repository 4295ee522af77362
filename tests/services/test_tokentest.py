"""Asking as an API token: over a real TLS socket, with its secret, beside what is known here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pve_auth_tui.core.accessdata import AclEntry
from pve_auth_tui.core.errors import (
    ApiError,
    AuthTuiError,
    LoginRefused,
    Refused,
    Unreachable,
    UsageError,
)
from pve_auth_tui.core.intents import tokens, users
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import TokenSecrets
from pve_auth_tui.core.tokenheader import credentials
from pve_auth_tui.services.tokentest import Seen, TokenTrial, TokenTrials, trial_lines
from tests.services.factor_node import ADDRESS, FactorNode

BLIND = "mon@pve!grafana"


@pytest.fixture
def lab() -> FactorNode:
    return FactorNode()


def tried(lab: FactorNode, tokenid: str = BLIND, secret: Secret | None = None) -> TokenTrial:
    secret = secret or lab.token_test.stored(tokenid)
    return lab.token_test.test(tokenid, secret, lab.snapshot)


def refused(lab: FactorNode, tokenid: str, secret: Secret) -> str:
    with pytest.raises(LoginRefused) as caught:
        lab.token_test.test(tokenid, secret, lab.snapshot)
    assert caught.value.original == "Authentication failed!"
    assert secret.reveal() not in f"{caught.value!r} {caught.value.hint}"
    return str(caught.value)


# --- what it sees ---------------------------------------------------------------------------


def test_a_token_without_acl_entries_logs_in_and_sees_nothing(lab: FactorNode) -> None:
    tested = tried(lab)
    got = {seen.kind: (seen.got, bool(seen.known)) for seen in tested.seen}
    assert got == {
        "guests": (0, True), "storages": (0, True), "pools": (0, True), "nodes": (3, True)
    }  # fmt: skip
    assert (tested.address, tested.paths, tested.differences) == (ADDRESS, 0, ())
    assert [line.word for line in trial_lines(tested)] == ["ok", "LOOK", "ok"]
    assert lab.refusals == 0


def test_with_the_roles_of_its_user_it_sees_what_its_user_sees(lab: FactorNode) -> None:
    lab.apply(tokens.give(BLIND))
    tested = tried(lab)
    seen = {one.kind: one for one in tested.seen}
    assert seen["guests"].got == seen["guests"].known
    assert seen["storages"].got == seen["storages"].known
    assert tested.paths is not None
    assert tested.paths > 0
    assert tested.differences == ()


@pytest.mark.parametrize(
    "tokenid", ["root@pam!ansible", "backup@pve!pbs", "ci@pve!runner", "terraform@pve!plan"]
)
def test_pves_own_answer_about_the_token_is_the_one_computed_here(
    lab: FactorNode, tokenid: str
) -> None:
    tested = tried(lab, tokenid)
    assert tested.paths
    assert tested.differences == ()
    assert trial_lines(tested)[-1].text.startswith("PVE's own answer about its permissions is the")


def test_an_older_picture_does_not_agree_with_pve(lab: FactorNode) -> None:
    old, secret = lab.snapshot, lab.token_test.stored(BLIND)
    lab.apply(tokens.give(BLIND, [AclEntry("/vms/100", "user", "", "PVEAuditor")]))
    tested = lab.token_test.test(BLIND, secret, old)
    assert tested.differences == ("/vms/100",)
    check = trial_lines(tested)[-1]
    assert (check.heading, check.word) == ("Check", "BAD")
    assert "on /vms/100" in check.text


def test_a_new_secret_works_at_once_and_the_old_one_does_not(lab: FactorNode) -> None:
    old = lab.token_test.stored(BLIND)
    answer: Any = lab.apply(tokens.regenerate(BLIND))
    assert tried(lab, BLIND, Secret(answer["value"])).address == ADDRESS
    assert "The secret is not the right one" in refused(lab, BLIND, old)


def test_on_an_older_version_the_token_is_made_again_with_all_it_had(lab: FactorNode) -> None:
    before, old = lab.snapshot, lab.token_test.stored("backup@pve!pbs")
    cluster = before.cluster.value
    assert cluster is not None
    older = replace(cluster, access_control="9.0.4", pve_release="9.1")
    draft = tokens.regenerate("backup@pve!pbs")(
        replace(before, cluster=before.cluster._replace(value=older))
    )
    assert [step.method for step in draft.steps if isinstance(step, ApiCall)] == [
        *("DELETE", "POST"), *["PUT"] * (len(draft.steps) - 2)
    ]  # fmt: skip
    lab.apply(lambda _: draft)
    then, was = lab.snapshot.access.value, before.access.value
    assert then is not None
    assert was is not None
    assert (then.users, then.acl) == (was.users, was.acl)
    assert lab.token_test.stored("backup@pve!pbs") != old
    assert tried(lab, "backup@pve!pbs").differences == ()


def test_a_secret_is_taken_as_programs_and_headers_have_it(lab: FactorNode) -> None:
    secret = lab.token_test.stored(BLIND)
    whole = credentials(BLIND, secret)
    assert tried(lab, BLIND, whole).address == ADDRESS
    header = Secret(f"Authorization: PVEAPIToken={whole.reveal()}")
    assert tried(lab, BLIND, header).address == ADDRESS


# --- who is not let in -------------------------------------------------------------------------


def test_a_wrong_secret_is_refused_and_nothing_else_named(lab: FactorNode) -> None:
    assert refused(lab, BLIND, Secret("0" * 36)) == (
        f"PVE refuses {BLIND}. The secret is not the right one, as nothing else speaks against it."
    )
    assert lab.refusals == 1


def test_the_reason_that_pve_does_not_tell_is_found_in_the_picture(lab: FactorNode) -> None:
    secret = lab.token_test.stored(BLIND)
    lab.apply(tokens.edit([BLIND], expire=1))
    assert refused(lab, BLIND, secret).startswith(
        f"PVE refuses {BLIND}. The API token has expired: "
    )
    lab.apply(tokens.edit([BLIND], expire=0))
    lab.apply(users.edit(["mon@pve"], {"expire": 1}))
    assert refused(lab, BLIND, secret).endswith("the account has expired.")
    lab.apply(users.switch(["mon@pve"], enable=False))
    assert refused(lab, BLIND, secret).endswith("the account is disabled.")


def test_a_token_without_a_secret_on_file_is_refused_and_said_so(lab: FactorNode) -> None:
    secret = lab.token_test.stored(BLIND)
    lab.disk.write("etc/pve/priv/token.cfg", b"")
    assert refused(lab, BLIND, secret).endswith("has no secret in token.cfg: PVE refuses it.")
    with pytest.raises(Refused, match="has no secret for") as caught:
        lab.token_test.stored(BLIND)
    assert caught.value.hint == "g gives the token a new one."


def test_what_cannot_be_a_secret_is_not_sent(lab: FactorNode) -> None:
    for text in ("", "two words", "line\nbreak", "ü" * 8, f"{BLIND}="):
        with pytest.raises(Refused) as caught:
            lab.token_test.test(BLIND, Secret(text), lab.snapshot)
        assert caught.value.hint == "Nothing was sent."
    with pytest.raises(UsageError):
        lab.token_test.test("mon@pve!none", Secret("0" * 36), lab.snapshot)
    assert lab.logins == 0


def test_a_dead_pveproxy_answers_no_token(lab: FactorNode) -> None:
    secret = lab.token_test.stored(BLIND)
    lab.node.faults.dead.add("pveproxy")
    with pytest.raises(Unreachable):
        tried(lab, BLIND, secret)


def test_a_refusal_of_another_kind_is_told_as_such(lab: FactorNode) -> None:
    secret = lab.token_test.stored(BLIND)
    snapshot = lab.snapshot
    lab.node.faults.dead.add("pmxcfs")
    with pytest.raises(Unreachable, match="Could not ask as mon@pve!grafana"):
        lab.token_test.test(BLIND, secret, snapshot)


@pytest.mark.parametrize("code", [400, 401])
def test_what_pve_repeats_of_the_secret_is_hidden(lab: FactorNode, code: int) -> None:
    secret = lab.token_test.stored(BLIND)

    class Parrot:
        address = ADDRESS

        def ask(self, tokenid: str, secret: Secret, paths: object) -> list[Any]:
            raise ApiError(code, f"no token {secret.reveal()}\n", {"token": secret.reveal()})

    service = TokenTrials(Parrot, lab.clock)
    with pytest.raises(AuthTuiError) as caught:
        service.test(BLIND, credentials(BLIND, secret), lab.snapshot)
    errors = (caught.value, caught.value.__context__)
    assert secret.reveal() not in " ".join(f"{vars(one)} {one!r}" for one in errors)
    assert "no token ****" in caught.value.original


def test_elsewhere_no_secret_can_be_read(lab: FactorNode) -> None:
    service = TokenTrials(lab.token_door, lab.clock)
    assert not service.reads_secrets
    with pytest.raises(Refused, match="Only on the node itself"):
        service.stored(BLIND)


def test_where_pve_shows_only_a_part_nothing_is_compared(lab: FactorNode) -> None:
    secret, part = lab.token_test.stored(BLIND), replace(lab.snapshot, restricted=True)
    tested = lab.token_test.test(BLIND, secret, part)
    assert tested.paths is None
    assert trial_lines(tested)[-1].word == "-"


def test_numbers_stand_alone_where_the_picture_has_none() -> None:
    tested = TokenTrial("a@b!cc", "x", "", 1, (Seen("guests", 1), Seen("nodes", 1, 3)), 2)
    assert [line.text for line in trial_lines(tested)] == [
        "yes, at x.",
        "1 guests; 1 of 3 nodes, which PVE names to everybody",
        "PVE's own answer about its permissions is the one here, on 2 paths.",
    ]


def test_secrets_are_never_kept_in_the_picture(lab: FactorNode) -> None:
    secret = lab.token_test.stored(BLIND)
    assert secret.reveal() not in repr(lab.snapshot)
    assert isinstance(lab.snapshot.token_secrets.value, TokenSecrets)

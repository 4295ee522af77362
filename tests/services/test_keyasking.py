"""How long a key is asked whose entries it holds, and for whose first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.services.keyasking import LONG, SOON, Answered, ask
from tests.core.pictures import factors, picture
from tests.services.keystand import StandKey

TODAY, OLD = "example.com", "pve1.example.com"
MANY = 1000
SLOW = 0.03  # seconds that a question takes


class SlowKey(StandKey):
    """One question for every `batch` credentials; it holds these, under an ID each."""

    def __init__(self, batch: int = 1, **holds: str) -> None:
        super().__init__()
        self.batch = batch
        self.holds = {name.encode(): rp_id for name, rp_id in holds.items()}
        self.questions: list[tuple[str, bytes]] = []
        self.time = 100.0

    def holding(
        self,
        rp_id: str,
        credentials: Sequence[bytes],
        goes_on: Callable[[int], bool] = lambda asked: True,
    ) -> frozenset[bytes]:
        found = set()
        for at in range(0, len(credentials), self.batch):
            if not goes_on(at):
                break
            self.time += SLOW
            self.questions.append((rp_id, credentials[at]))
            found |= {
                one for one in credentials[at : at + self.batch] if self.holds.get(one) == rp_id
            }
        return frozenset(found)


def entry(credential: str, created: int = 0, *, enable: bool = True) -> TfaEntry:
    data = {
        "cred_id": encode_base64url(credential.encode()),
        "cred": {"type_": "ES256", "key": {"EC_EC2": {"curve": "SECP256R1", "x": "AQ", "y": "AQ"}}},
        "counter": 0,
    }
    return TfaEntry(f"id-{credential}", "webauthn", credential, created, enable, data=data)


CROWD = tuple(factors(f"u{n:04}@pve", entry(f"c{n}", created=n)) for n in range(MANY))
OWN = factors("zoe@pve", entry("own", created=-2), entry("spare", created=-1, enable=False))
CLUSTER = picture(tfa=(*CROWD, OWN))


def asked(key: SlowKey, *rp_ids: str, userid: str = "zoe@pve", seconds: float = SOON) -> Answered:
    return ask(key, CLUSTER, rp_ids, userid, seconds=seconds, now=lambda: key.time)


def test_the_users_own_keys_come_first_and_a_second_is_enough_for_a_thousand_others() -> None:
    for batch in (1, 8):
        key = SlowKey(batch, own=TODAY)
        began = key.time
        found = asked(key, TODAY, OLD)
        assert [one.entry for one in found.held] == ["id-own"]
        assert key.questions[0] == (TODAY, b"spare"), "the newest of their own"
        assert key.time - began <= SOON + 2 * SLOW
        assert 0 < found.unasked < MANY
        assert {rp_id for rp_id, _ in key.questions} == {TODAY}


def test_of_others_the_newest_are_asked_for_first() -> None:
    key = SlowKey(c998=TODAY, c3=TODAY)
    found = asked(key, TODAY)
    assert [(one.userid, one.works) for one in found.held] == [("u0998@pve", True)]
    assert [credential for _, credential in key.questions[2:4]] == [b"c999", b"c998"]
    assert found.unasked == MANY - len(key.questions) + 2


def test_their_own_are_asked_for_in_any_case_and_nothing_else_without_time() -> None:
    key = SlowKey(own=TODAY, spare=TODAY, c999=TODAY)
    found = asked(key, TODAY, OLD, seconds=0)
    assert [(one.entry, one.enabled) for one in found.held] == [
        ("id-own", True),
        ("id-spare", False),
    ]
    assert [credential for _, credential in key.questions] == [b"spare", b"own"]
    assert found.unasked == MANY


def test_older_ids_follow_when_everything_was_asked_under_todays() -> None:
    key = SlowKey(8, own=OLD, c999=TODAY, c0=OLD)
    found = asked(key, TODAY, OLD, userid="", seconds=2 * LONG)
    assert {(one.entry, one.rp_id, one.works) for one in found.held} == {
        ("id-own", OLD, False),
        ("id-c999", TODAY, True),
        ("id-c0", OLD, False),
    }
    assert found.unasked == 0
    names = [rp_id for rp_id, _ in key.questions]
    assert names == sorted(names), "today's ID first"
    assert (OLD, b"c999") not in key.questions, "what was found is not asked for again"


def test_whoever_gives_up_ends_it_at_the_next_question() -> None:
    key = SlowKey()
    given_up = [False, False, False, True]
    found = ask(
        key,
        CLUSTER,
        (TODAY, OLD),
        seconds=LONG,
        now=lambda: key.time,
        given_up=lambda: given_up.pop(0) if len(given_up) > 1 else given_up[0],
    )
    assert len(key.questions) == 2
    assert found.held == ()


def test_one_entry_of_two_people_is_told_of_both() -> None:
    both = picture(tfa=(factors("a@pve", entry("same")), factors("b@pve", entry("same"))))
    found = ask(SlowKey(same=TODAY), both, (TODAY,))
    assert [one.userid for one in found.held] == ["a@pve", "b@pve"]

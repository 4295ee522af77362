"""A key that proves itself: by a real login over TLS, one for each action (R23), or a signature."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from pve_auth_tui.adapters.proofs import MemoryProofs
from pve_auth_tui.adapters.signature import verified
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import LoginRefused, Refused, Unwritable
from pve_auth_tui.core.keys import Phase
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Datacenter, Snapshot
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, UserTfa
from pve_auth_tui.core.webauthn import bytes_of, creation_of
from pve_auth_tui.services.keyproof import KeyProver
from pve_auth_tui.services.prove import NOT_SENT, Proof, ProveService
from pve_auth_tui.simnode.demo import PASSWORD
from tests.services.factor_node import ADDRESS, KNOWN_AS, WITHOUT, FactorNode
from tests.services.keystand import PATH, StandHands, StandKey, StandKeys


class Lab(FactorNode):
    """A node with a key in its USB, which `enrolled_key` has registered."""

    def __init__(self, key: StandKey | None = None) -> None:
        super().__init__()
        self.key = key or StandKey()
        self.keys = StandKeys(self.key)
        self.marks = MemoryProofs()
        prover = KeyProver(self.keys, verified, self.clock, lambda: KNOWN_AS)
        self.proofs = ProveService(
            self.door, self.app, self.clock, prover=prover, proofs=self.marks
        )
        self.hands = StandHands()

    def enrolled_key(self, userid: str = WITHOUT, *, counter: int = 1) -> str:
        """The id of its entry."""
        self.key.soft.counter = counter
        asked = self.call("POST", userid, type="webauthn", description="rack 9")
        answer = self.registered(asked["challenge"])
        made = self.call("POST", userid, type="webauthn", **answer)
        return str(made["id"])

    def registered(self, challenge: str) -> dict[str, str]:
        asked = creation_of(challenge)
        value = self.key.register(asked.options, f"https://{KNOWN_AS}", self.hands).value
        self.hands = StandHands()
        return {"challenge": asked.challenge, "value": value}

    def call(self, method: str, userid: str, *more: str, **params: Any) -> Any:
        return self.api.call(method, ("access", "tfa", userid, *more), params)

    def login(self, userid: str = WITHOUT, snapshot: Snapshot | None = None) -> Proof:
        picture = snapshot or self.snapshot
        answer = self.proofs.with_key(PATH, self.hands, picture, userid)
        return self.proofs.prove(userid, Secret(PASSWORD), answer, picture)

    def check(self, userid: str = WITHOUT, snapshot: Snapshot | None = None) -> Proof:
        return self.proofs.signature_check(userid, PATH, self.hands, snapshot or self.snapshot)


@pytest.fixture
def lab() -> Lab:
    return Lab()


# --- a login ----------------------------------------------------------------------------------


def test_a_key_proves_itself_by_a_login_over_tls(lab: Lab) -> None:
    entry = lab.enrolled_key()
    proof = lab.login()
    assert (proof.userid, proof.address, proof.used) == (WITHOUT, ADDRESS, "webauthn")
    assert (proof.entry, proof.offered, proof.remarks) == (entry, ("webauthn",), ())
    assert proof.proved == (
        f"{ADDRESS} took the password of {WITHOUT} and a security key.",
        "The login's ticket was dropped at once.",
    )
    assert proof.not_proved == (
        "A login at pve2 and pve3.",
        "A login in a browser: there the name in the address bar has to fit, too.",
    )
    assert lab.marks.all() == {
        (WITHOUT, entry): Mark(
            WITHOUT, entry, How.LOGIN, lab.clock.at, "pve1", "example.com", lab.key.soft.counter
        )
    }


def test_keys_of_both_kinds_that_pve_takes_log_in() -> None:
    private = rsa.generate_private_key(65537, 2048)
    lab = Lab(StandKey("RS256", rsa_key=private))
    entry = lab.enrolled_key()
    assert lab.login().entry == entry
    assert lab.check().used == "webauthn"


def test_the_key_is_asked_as_a_browser_at_that_node_asks_it(lab: Lab) -> None:
    lab.enrolled_key()
    lab.login()
    assert lab.key.asked[-1]["rpId"] == "example.com"
    assert lab.key.asked[-1]["timeout"] == 110_000  # not the 300 s of PVE, which waits 120
    assert lab.hands.seconds[lab.hands.phases.index(Phase.TOUCH)] == 110.0
    assert lab.key.closed == 2  # looked at before, then used


def test_a_key_that_holds_none_of_the_entries_is_found_before_a_password_is_sent(
    lab: Lab,
) -> None:
    lab.enrolled_key()
    lab.keys.keys[PATH] = StandKey()
    with pytest.raises(KeyTrouble, match="holds none of the entries of nina@pve") as caught:
        lab.login()
    assert caught.value.kind is Kind.NOT_THIS_KEY
    assert "rack 9" in str(caught.value)
    assert (lab.logins, lab.refusals) == (0, 0)


def test_a_key_that_tells_nothing_of_what_it_holds_is_tried_and_says_so_itself(lab: Lab) -> None:
    lab.enrolled_key()
    other = StandKey()
    other.verifies = True
    lab.keys.keys[PATH] = other
    with pytest.raises(KeyTrouble) as caught:
        lab.login()
    assert caught.value.kind is Kind.NOT_THIS_KEY
    assert (lab.logins, lab.failures()) == (1, 0)  # the password was right, no answer was sent


def test_a_disabled_key_is_not_used_for_a_login(lab: Lab) -> None:
    entry = lab.enrolled_key()
    lab.call("PUT", WITHOUT, entry, enable=0)
    with pytest.raises(KeyTrouble, match="its entry is disabled"):
        lab.login()
    assert lab.logins == 0


@pytest.mark.parametrize(
    ("userid", "sentence"),
    [
        ("yuri@otp", "The realm of yuri@otp requires Yubico OTP"),
        ("anna@entra", "PVE never asks anna@entra for a key"),
    ],
)
def test_a_realm_for_which_a_key_is_of_no_use_is_told_before(
    lab: Lab, userid: str, sentence: str
) -> None:
    snapshot = lab.snapshot
    realms = snapshot.realms.value
    assert realms is not None
    otp = replace(realms.realms["pve"], name="otp", options={"tfa": "type=yubico"})
    wanted = replace(realms, realms={**realms.realms, "otp": otp})
    snapshot = replace(snapshot, realms=snapshot.realms._replace(value=wanted))
    with pytest.raises(Refused, match=sentence) as caught:
        lab.proofs.with_key(PATH, lab.hands, snapshot, userid)
    assert caught.value.hint == NOT_SENT


def test_settings_with_which_no_key_works_are_told_before(lab: Lab) -> None:
    lab.enrolled_key()
    snapshot = lab.snapshot
    nothing = snapshot.datacenter._replace(value=Datacenter({}))
    with pytest.raises(KeyTrouble) as caught:
        lab.login(snapshot=replace(snapshot, datacenter=nothing))
    assert caught.value.kind is Kind.ORIGIN
    unread = snapshot.datacenter._replace(value=None, problem="The file is gone.")
    with pytest.raises(KeyTrouble, match=r"could not be read\. The file is gone"):
        lab.check(snapshot=replace(snapshot, datacenter=unread))


@pytest.mark.parametrize("asked", [None, 7, "", "com", "pve1.example.com", "example.org"])
def test_a_key_signs_for_no_other_id_than_that_of_the_settings(lab: Lab, asked: object) -> None:
    lab.enrolled_key()
    before = len(lab.key.asked)
    answer = lab.proofs.with_key(PATH, lab.hands, lab.snapshot, WITHOUT)
    question = {"challenge": "AAAA", "rpId": asked, "allowCredentials": []}
    with pytest.raises(KeyTrouble, match=r"and its settings say example\.com") as caught:
        answer(Challenge(webauthn=question))
    assert caught.value.kind is Kind.ORIGIN
    assert len(lab.key.asked) == before


def test_a_counter_that_pve_would_refuse_is_not_sent(lab: Lab) -> None:
    lab.enrolled_key(counter=9)
    lab.key.soft.counter = 4
    with pytest.raises(Refused, match="counter is 5, not above the 9") as caught:
        lab.login()
    assert NOT_SENT in caught.value.hint
    assert (lab.failures(), lab.refusals) == (0, 0)


def test_what_pve_refuses_is_explained_and_counted_once(lab: Lab) -> None:
    lab.enrolled_key()
    picture = lab.snapshot
    lab.key.flags = 0  # it signs without a touch
    nobody_knows = changed(
        picture, lambda entry: replace(entry, data=None)
    )  # over https no public key is told
    with pytest.raises(LoginRefused, match="PVE refused a security key") as caught:
        lab.login(snapshot=nobody_knows)
    assert "a key that was reset or copied" in caught.value.hint
    assert (lab.failures(), lab.refusals) == (1, 1)
    assert not lab.marks.all()


def test_whoever_gives_up_at_the_touch_sends_nothing(lab: Lab) -> None:
    lab.enrolled_key()
    lab.key.on_touch = lambda: setattr(lab.hands, "gone", True)
    with pytest.raises(KeyTrouble) as caught:
        lab.login()
    assert caught.value.kind is Kind.CANCELLED
    assert (lab.failures(), lab.refusals) == (0, 0)


def test_an_answer_that_came_after_giving_up_is_not_sent(lab: Lab) -> None:
    lab.enrolled_key()
    signs = lab.key.sign

    def late(*asked: Any) -> Any:
        signed = signs(*asked)
        lab.hands.gone = True
        return signed

    lab.key.sign = late  # type: ignore[method-assign]
    with pytest.raises(LoginRefused, match="given up at the second factor"):
        lab.login()
    assert (lab.failures(), lab.refusals) == (0, 0)


def test_a_user_without_a_key_who_is_asked_for_a_code_is_not_asked_for_a_key(lab: Lab) -> None:
    lab.enrolled()
    with pytest.raises(Refused, match="PVE does not ask nina@pve for a key"):
        lab.login()
    assert lab.failures() == 0


def test_logins_with_codes_are_noted_too(lab: Lab) -> None:
    totp = lab.enrolled()
    proof = lab.prove(f"totp:{lab.phone(totp)}")
    mark = lab.marks.all()[WITHOUT, proof.entry]
    assert (mark.how, mark.rp_id, mark.counter) == (How.LOGIN, "", 0)


def test_of_two_apps_the_one_that_shows_the_code_is_noted(lab: Lab) -> None:
    lab.enrolled()
    totp = lab.enrolled()
    proof = lab.prove(f"totp:{lab.phone(totp)}")
    second = lab.snapshot.tfa.value.users[WITHOUT].entries[-1]  # type: ignore[union-attr]
    assert proof.entry == second.id
    assert list(lab.marks.all()) == [(WITHOUT, second.id)]


def test_a_login_without_a_second_factor_is_noted(lab: Lab) -> None:
    assert lab.prove("totp:000000").used == ""
    (mark,) = lab.marks.all().values()
    assert (mark.userid, mark.entry, mark.how) == (WITHOUT, "", How.LOGIN)


def test_a_login_that_was_refused_is_not_noted(lab: Lab) -> None:
    with pytest.raises(LoginRefused):
        lab.prove("totp:000000", password="not this one")
    assert not lab.marks.all()


def test_a_proof_stands_where_it_cannot_be_noted(lab: Lab, monkeypatch: Any) -> None:
    lab.enrolled_key()

    def full(mark: Mark) -> None:
        raise Unwritable("No space left on device.")

    monkeypatch.setattr(lab.marks, "put", full)
    assert lab.login().remarks == (
        "It could not be noted for the list of second factors: No space left on device.",
    )


# --- a signature ---------------------------------------------------------------------------


def test_without_a_password_the_key_signs_and_what_pve_has_stored_fits(lab: Lab) -> None:
    entry = lab.enrolled_key()
    proof = lab.check()
    assert (proof.address, proof.used, proof.entry) == ("", "webauthn", entry)
    assert proof.proved == (
        "The key signed a new challenge for example.com, after a touch, and the signature fits the"
        " public key that PVE has stored of rack 9.",
        "Its counter is 2, above the 1 of its enrolment: PVE takes that.",
    )
    assert proof.not_proved == (
        "The password: none was given.",
        "That pveproxy and pvedaemon let anybody in, at this one, pve2 and pve3: nobody logged in.",
        "A login in a browser: the name in its address bar has to be example.com or below it.",
    )
    assert lab.marks.all()[WITHOUT, entry].how is How.SIGNATURE
    assert lab.logins == 0


def test_every_check_has_a_challenge_of_its_own(lab: Lab) -> None:
    lab.enrolled_key()
    lab.check()
    lab.check()
    first, second = (options["challenge"] for options in lab.key.asked[-2:])
    assert first != second
    assert len(first) == 43  # 32 bytes


def test_a_signature_does_not_take_the_place_of_a_login(lab: Lab) -> None:
    entry = lab.enrolled_key()
    lab.login()
    lab.check()
    assert lab.marks.all()[WITHOUT, entry].how is How.LOGIN


def test_a_counter_below_the_one_that_was_seen_last_is_told(lab: Lab) -> None:
    lab.enrolled_key()
    lab.key.soft.counter = 40
    lab.check()
    lab.key.soft.counter = 20
    assert lab.check().remarks == (
        "The key's counter is 21, and was 41 when it was last seen here: was the key copied or"
        " reset?",
    )


def test_a_login_under_an_old_id_is_replaced_by_a_signature_under_todays(lab: Lab) -> None:
    entry = lab.enrolled_key()
    lab.marks.put(Mark(WITHOUT, entry, How.LOGIN, 1.0, "pve1", "old.example.com"))
    lab.check()
    assert lab.marks.all()[WITHOUT, entry].rp_id == "example.com"


def test_a_key_without_a_counter_is_told(lab: Lab) -> None:
    lab.enrolled_key(counter=0)
    lab.key.soft.counter = -1
    assert "It keeps no counter, and PVE asks for none then." in lab.check().proved


def test_a_counter_for_which_pve_will_refuse_the_login_is_told(lab: Lab) -> None:
    lab.enrolled_key(counter=9)
    lab.key.soft.counter = 2
    proof = lab.check()
    assert len(proof.proved) == 1
    assert proof.not_proved[0].startswith(
        "A login, which PVE will refuse: the key's counter is 3, not above the 9"
    )


def test_entries_in_the_form_of_pve_8_are_checked(lab: Lab) -> None:
    lab.enrolled_key()
    snapshot = changed(lab.snapshot, as_pve_8)
    assert lab.check(snapshot=snapshot).used == "webauthn"


def other_id(key: StandKey) -> None:
    """From now on it signs for example.org, whatever it is asked."""
    data = key.soft.auth_data
    elsewhere = hashlib.sha256(b"example.org").digest()
    key._auth_data = lambda *, attested=False: elsewhere + data(attested=attested)[32:]  # type: ignore[method-assign]


TWISTS = pytest.mark.parametrize(
    ("twist", "sentence"),
    [
        (lambda key: setattr(key, "flags", 0), "without a touch"),
        (lambda key: key.says.update(challenge="AAAA"), "another challenge"),
        (lambda key: setattr(key.soft, "key", StandKey().soft.key), "does not fit what PVE"),
        (other_id, "for another WebAuthn ID"),
    ],
)


@TWISTS
def test_what_pve_would_refuse_of_a_known_key_is_not_sent(
    lab: Lab, twist: Any, sentence: str
) -> None:
    lab.enrolled_key()
    twist(lab.key)
    with pytest.raises(KeyTrouble, match=sentence) as caught:
        lab.login()
    assert caught.value.hint.endswith(NOT_SENT)
    assert (lab.failures(), lab.refusals) == (0, 0)
    assert not lab.marks.all()


@TWISTS
def test_an_answer_that_is_not_right_proves_nothing(lab: Lab, twist: Any, sentence: str) -> None:
    lab.enrolled_key()
    twist(lab.key)
    with pytest.raises(KeyTrouble, match=sentence) as caught:
        lab.check()
    assert caught.value.kind is Kind.KEY_ERROR
    assert not lab.marks.all()


def test_a_key_under_another_id_is_not_found_and_where_it_was_seen_is_told(lab: Lab) -> None:
    entry = lab.enrolled_key()
    mark = Mark(WITHOUT, entry, How.LOGIN, 1.0, "pve1", "pve1.example.com")
    lab.keys.keys[PATH] = StandKey()
    snapshot = replace(lab.snapshot, proofs={(WITHOUT, entry): mark})
    with pytest.raises(KeyTrouble, match="holds none of the entries") as caught:
        lab.check(snapshot=snapshot)
    assert "last seen under the WebAuthn ID pve1.example.com" in caught.value.hint


def test_what_is_not_stored_here_is_compared_with_nothing(lab: Lab) -> None:
    lab.enrolled_key()

    def by_api(entry: TfaEntry) -> TfaEntry:
        return replace(entry, data=None)

    with pytest.raises(Refused, match="does not hold what a key's signature is compared with"):
        lab.check(snapshot=changed(lab.snapshot, by_api))
    with pytest.raises(Refused, match="has no security key"):
        lab.check("backup-admin@pve")

    def old(entry: TfaEntry) -> TfaEntry:
        return replace(entry, type="u2f")

    with pytest.raises(Refused, match="old U2F key cannot be checked"):
        lab.check(snapshot=changed(lab.snapshot, old))


def test_a_disabled_entry_is_proved_to_be_right_and_not_to_be_asked_for(lab: Lab) -> None:
    entry = lab.enrolled_key()
    lab.call("PUT", WITHOUT, entry, enable=0)
    assert "That PVE asks for it: rack 9 is disabled." in lab.check().not_proved


def changed(snapshot: Snapshot, change: Any) -> Snapshot:
    """The picture with every entry of the user WITHOUT changed."""
    tfa = snapshot.tfa.value
    assert tfa is not None
    entries = tuple(map(change, tfa.users[WITHOUT].entries))
    users = {**tfa.users, WITHOUT: UserTfa(WITHOUT, entries)}
    return replace(snapshot, tfa=snapshot.tfa._replace(value=TfaConfig(users)))


def as_pve_8(entry: TfaEntry) -> TfaEntry:
    """Bytes as numbers."""

    def numbers(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                name: list(bytes_of(one) or b"") if name in {"x", "y", "cred_id"} else numbers(one)
                for name, one in value.items()
            }
        return value

    return replace(entry, data=numbers(entry.data))

"""The ways to PVE's API: the best that answers is taken, and no change is ever sent twice."""

import threading
import time

import pytest

from pve_auth_tui.adapters.bridge import Bridge
from pve_auth_tui.adapters.ladder import LadderApi, Way, api_ways
from pve_auth_tui.adapters.pvesh import Pvesh
from pve_auth_tui.core.errors import (
    ApiError,
    LoginRefused,
    Refused,
    Unreachable,
)
from pve_auth_tui.core.ports import Api
from pve_auth_tui.core.secret import Secret

DEAD = Unreachable("PVE's own modules are not installed here.", "Is this a node?", "Can't locate")
ACCESS, USERS, POOLS = ("access",), ("access", "users"), ("pools",)


class Answering:
    """An Api that answers with its own name; `says`: what it raises for a path instead."""

    def __init__(self, way, user="root@pam", says=()):
        self.way, self.user = way, user
        self.says = dict(says)
        self.asked = []
        self.closed = False

    def call(self, method, path, params=None, secrets=None, *, seconds=30.0):
        self.asked.append((method, *path))
        if trouble := self.says.get(tuple(path)) or self.says.get("everything"):
            raise trouble
        return self.way

    def close(self):
        self.closed = True


class Openings:
    """A way that is opened anew each time; `apis`: what opening gives or raises, in turn."""

    def __init__(self, *apis):
        self.apis = list(apis)
        self.count = 0

    def __call__(self):
        self.count += 1
        api = self.apis.pop(0) if len(self.apis) > 1 else self.apis[0]
        if isinstance(api, Exception):
            raise api
        return api


def ladder(**apis):
    return LadderApi([Way(name, Openings(api)) for name, api in apis.items()])


# --- climbing ---------------------------------------------------------------------------


def test_the_best_way_that_answers_is_taken():
    api = ladder(direct=Answering("direct"), pvesh=Answering("pvesh"))
    assert isinstance(api, Api)
    assert api.again()
    assert (api.way, api.user, api.tried) == ("direct", "root@pam", ())
    assert api.call("GET", USERS) == "direct"


def test_why_a_better_way_does_not_work_is_kept():
    api = ladder(direct=DEAD, pvesh=Answering("pvesh"))
    assert api.call("GET", USERS) == "pvesh"
    (tried,) = api.tried
    assert tried == ("direct", str(DEAD), DEAD.hint, DEAD.original)


def test_a_child_that_ends_at_once_is_no_way():
    bridge = Bridge(command=["/bin/false"], euid=lambda: 0)
    api = ladder(direct=bridge, pvesh=Answering("pvesh"))
    assert api.again()
    assert api.way == "pvesh"
    assert api.tried[0].reason


def test_what_pve_answers_to_the_first_question_is_told_in_a_sentence():
    refused = ApiError(500, "ipcc_send_rec[1] failed: Connection refused\n")
    api = ladder(direct=Answering("direct", says={"everything": refused}))
    assert not api.again()
    assert api.tried[0].reason == "PVE's cluster file system does not answer on that node."
    assert "ipcc_send_rec" in api.tried[0].original


def test_when_no_way_is_left_the_best_ones_reason_is_told():
    api = ladder(direct=DEAD, pvesh=Unreachable("There is no pvesh."))
    with pytest.raises(Unreachable, match="not installed") as caught:
        api.call("GET", USERS)
    assert caught.value.hint == "Is this a node?"
    assert (api.way, api.user) == ("", "")
    with pytest.raises(Unreachable, match="no way"):
        LadderApi([]).call("GET", USERS)


# --- what dies on the way -------------------------------------------------------------------


def test_reading_goes_one_way_further_down_when_its_own_has_died():
    direct, pvesh = Answering("direct"), Answering("pvesh")
    api = ladder(direct=direct, pvesh=pvesh)
    assert api.call("GET", USERS) == "direct"
    direct.says["everything"] = DEAD
    assert api.call("GET", USERS) == "pvesh"
    assert api.way == "pvesh"
    assert [tried.way for tried in api.tried] == ["direct"]


def test_a_way_that_is_slow_for_one_call_stays():
    slow = Unreachable("No answer within 10 seconds.")
    direct, pvesh = Answering("direct", says={USERS: slow}), Answering("pvesh")
    api = ladder(direct=direct, pvesh=pvesh)
    with pytest.raises(Unreachable, match="within 10"):
        api.call("GET", USERS)
    assert api.way == "direct"
    assert not pvesh.asked


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("unsure", [False, True])
def test_a_change_is_never_repeated_by_itself(method, unsure):
    direct, pvesh = Answering("direct"), Answering("pvesh")
    api = ladder(direct=direct, pvesh=pvesh)
    api.again()
    direct.says["everything"] = Unreachable("It died.", unsure=unsure)
    with pytest.raises(Unreachable) as caught:
        api.call(method, USERS)
    assert caught.value.unsure is unsure
    assert pvesh.asked == []
    assert api.way == "direct"


def test_a_reading_whose_end_is_unsure_is_not_repeated_either():
    direct, pvesh = Answering("direct"), Answering("pvesh")
    api = ladder(direct=direct, pvesh=pvesh)
    api.again()
    direct.says["everything"] = Unreachable("It died.", unsure=True)
    with pytest.raises(Unreachable):
        api.call("GET", USERS)
    assert pvesh.asked == []


def test_a_better_way_comes_back_when_it_is_looked_for_and_not_before():
    opening = Openings(DEAD, Answering("direct"))
    api = LadderApi([Way("direct", opening), Way("pvesh", Openings(Answering("pvesh")))])
    assert [api.call("GET", USERS) for _ in range(3)] == ["pvesh"] * 3
    assert opening.count == 1
    assert api.again()
    assert (api.way, api.tried) == ("direct", ())


def test_a_way_that_died_keeps_its_ticket_and_is_asked_again_when_it_is_looked_for():
    https = Answering("https", "ann@pve")
    opening = Openings(https)
    api = LadderApi([Way("https", opening)])
    assert api.again()
    https.says["everything"] = Unreachable("The network is down.")
    assert not api.again()
    with pytest.raises(Unreachable, match="network is down"):
        api.call("GET", USERS)
    https.says.clear()
    assert api.again()
    assert (api.way, api.tried, https.closed, opening.count) == ("https", (), False, 1)


def test_one_that_gave_up_starting_starts_anew_when_it_is_looked_for():
    class GaveUp(Answering):
        def again(self):
            self.says.clear()

    api = ladder(direct=GaveUp("direct", says={"everything": DEAD}))
    assert not api.again()
    assert api.again()


def test_a_refused_login_is_not_tried_again():
    opening = Openings(LoginRefused("PVE refused the login of ann@pve."))
    api = LadderApi([Way("https", opening)])
    for _ in range(3):
        assert not api.again()
        with pytest.raises(Unreachable, match="refused the login"):
            api.call("GET", USERS)
    assert opening.count == 1
    assert api.tried[0].way == "https"


def test_a_session_that_has_ended_is_not_renewed_with_the_same_password():
    https = Answering("https", "ann@pve")
    opening = Openings(https)
    api = LadderApi([Way("https", opening)])
    api.again()
    https.says["everything"] = LoginRefused("The session with PVE has ended.")
    with pytest.raises(LoginRefused):
        api.call("GET", USERS)
    assert not api.again()
    assert not api.again()
    assert opening.count == 1


# --- what only another way carries ------------------------------------------------------------


NOT_LOADED = ApiError(501, "Method 'GET /pools' not implemented")


def test_what_pves_own_modules_could_not_load_goes_through_pvesh():
    direct, pvesh = Answering("direct", says={POOLS: NOT_LOADED}), Answering("pvesh")
    api = ladder(direct=direct, pvesh=pvesh)
    assert api.call("GET", POOLS) == "pvesh"
    assert api.call("POST", POOLS, {"poolid": "lab"}) == "pvesh"
    assert api.call("GET", USERS) == "direct"
    assert api.way == "direct"


def test_a_secret_never_goes_through_pvesh():
    direct, pvesh = Answering("direct", says={POOLS: NOT_LOADED}), Answering("pvesh")
    api = ladder(direct=direct, pvesh=pvesh)
    with pytest.raises(ApiError, match="not implemented"):
        api.call("POST", POOLS, {}, {"password": Secret("s3cret")})
    assert pvesh.asked == []


def test_without_pvesh_or_over_https_pves_own_refusal_is_told():
    for apis in (
        {"direct": Answering("direct", says={POOLS: NOT_LOADED})},
        {"direct": Answering("direct", says={POOLS: NOT_LOADED}), "pvesh": DEAD},
        {"https": Answering("https", says={POOLS: NOT_LOADED}), "pvesh": Answering("pvesh")},
    ):
        with pytest.raises(ApiError, match="not implemented"):
            ladder(**apis).call("GET", POOLS)


def test_refusals_are_passed_on_as_they_are():
    refusal = Refused("It belongs to another node.")
    api = ladder(direct=Answering("direct", says={USERS: refusal}), pvesh=Answering("pvesh"))
    with pytest.raises(Refused):
        api.call("GET", USERS)
    assert api.way == "direct"


def test_closed_is_closed():
    direct = Answering("direct")
    api = ladder(direct=direct)
    api.again()
    api.close()
    assert direct.closed
    assert not api.again()
    with pytest.raises(Unreachable):
        api.call("GET", USERS)


class Hanging(Answering):
    """Gives no answer until it is closed."""

    def __init__(self, way):
        super().__init__(way)
        self.asked_once, self.over = threading.Event(), threading.Event()

    def call(self, method, path, params=None, secrets=None, *, seconds=30.0):
        self.asked_once.set()
        self.over.wait(seconds)
        raise DEAD

    def close(self):
        super().close()
        self.over.set()


def test_closing_waits_for_nobody_and_no_further_way_is_tried():
    direct, pvesh = Hanging("direct"), Openings(Answering("pvesh"))
    api = LadderApi([Way("direct", Openings(direct)), Way("pvesh", pvesh)])
    looking = threading.Thread(target=api.again)
    looking.start()
    direct.asked_once.wait(5)
    began = time.monotonic()
    api.close()
    assert time.monotonic() - began < 1
    looking.join(5)
    assert (looking.is_alive(), pvesh.count) == (False, 0)


def test_many_threads_see_one_way_die_and_take_the_next_together():
    direct, pvesh = Answering("direct"), Answering("pvesh")
    opening = Openings(pvesh)
    api = LadderApi([Way("direct", Openings(direct)), Way("pvesh", opening)])
    api.again()
    direct.says["everything"] = DEAD
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(api.call("GET", USERS))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["pvesh"] * 8
    assert opening.count == 1


# --- which ways there are ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rung", "names"),
    [
        ("auto", ["direct", "pvesh"]),
        ("bridge", ["direct"]),
        ("https", ["https"]),
        ("pvesh", ["pvesh"]),
        ("files", []),
    ],
)
def test_which_ways_apply(rung, names):
    https = Openings(Answering("https"))
    assert [way.name for way in api_ways(rung, https=https)] == names
    assert https.count == 0


def test_real_ways_are_made_when_they_are_needed():
    bridge, pvesh = api_ways()
    assert isinstance(bridge.open(), Bridge)
    assert isinstance(pvesh.open(), Pvesh)
    assert api_ways("https") == ()

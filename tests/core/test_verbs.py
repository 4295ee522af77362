"""Words for privileges, and privileges for words."""

import pytest

from pve_auth_tui.core import versions
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.why.verbs import (
    VERBS,
    denied,
    privilege_of,
    said,
    sees,
    verb_of,
    verbs_for,
)

PLACES = ("vms", "storage", "nodes", "pool", "sdn", "mapping", "access", "")


@pytest.mark.parametrize("release", ["9.1.1", "9.0.4", "8.2.2", "8.0.3", "7.4-2"])
def test_every_privilege_of_a_release_has_words(release):
    assert versions.privileges(release) <= {verb.privilege for verb in VERBS}


def test_no_words_stand_for_a_privilege_that_no_release_has():
    known = frozenset().union(*(versions.privileges(v) for v in ("9.1.1", "8.2.2", "7.4-2")))
    assert {verb.privilege for verb in VERBS} == known


def test_a_privilege_has_one_meaning_at_a_place():
    for place in PLACES:
        here = [verb.privilege for verb in VERBS if place in verb.places]
        assert len(here) == len(set(here))


def test_words_at_one_kind_of_place_are_all_different_but_for_the_root():
    for place in PLACES[:-1]:
        if place == "pool":  # guests, storages and pools themselves
            continue
        here = [verb.words for verb in VERBS if place in verb.places]
        assert len(here) == len(set(here))


def test_every_place_of_a_verb_is_a_kind_of_path():
    assert {place for verb in VERBS for place in verb.places} == set(PLACES)


def test_words_are_about_something_at_the_path():
    assert [verb.words for verb in verbs_for("/vms/100")][:2] == ["see it", "start and stop it"]
    assert "VM.PowerMgmt" not in {verb.privilege for verb in verbs_for("/storage/nfs")}
    assert "Datastore.Audit" in {verb.privilege for verb in verbs_for("/pool/lab")}
    assert len({verb.privilege for verb in verbs_for("/")}) == 47
    assert verbs_for("/foo") == ()


def test_words_are_those_of_the_release():
    assert "VM.Monitor" in {verb.privilege for verb in verbs_for("/vms", "8.2.2")}
    assert "VM.Monitor" not in {verb.privilege for verb in verbs_for("/vms")}


def test_the_same_privilege_has_other_words_elsewhere():
    assert verb_of("Sys.Modify", "/access").words == "add, change and remove roles"
    assert verb_of("Sys.Modify", "/nodes/n1").words == "change its settings"
    assert verb_of("Sys.Modify", "/vms/100") is None


@pytest.mark.parametrize(
    ("text", "path", "privilege"),
    [
        ("", "/", ""),
        ("VM.PowerMgmt", "/", "VM.PowerMgmt"),
        ("vm.powermgmt", "/", "VM.PowerMgmt"),
        ("start and stop it", "/", "VM.PowerMgmt"),
        ("  Start  and stop IT ", "/vms/100", "VM.PowerMgmt"),
        ("migrate", "/vms", "VM.Migrate"),
        ("see it", "/storage", "Datastore.Audit"),
        ("see it", "/nodes/n1", "Sys.Audit"),
        ("migrate", "/storage", "VM.Migrate"),
        ("VM.Monitor", "/vms", "VM.Monitor"),
    ],
)
def test_a_privilege_is_found_by_its_name_or_by_words(text, path, privilege):
    assert privilege_of(text, path) == privilege


@pytest.mark.parametrize("text", ["fly", "see it", "change", "VM."])
def test_words_for_nothing_or_for_several_privileges_are_refused(text):
    with pytest.raises(UsageError):
        privilege_of(text, "/")


def test_every_words_lead_back_to_their_privilege_at_their_place():
    for place in ("vms", "storage", "nodes", "sdn", "mapping", "access"):
        for verb in VERBS:
            if place in verb.places:
                assert privilege_of(verb.words, f"/{place}") == verb.privilege


@pytest.mark.parametrize(
    ("words", "yes", "no"),
    [
        ("start and stop it", "start and stop VM 1", "start or stop VM 1"),
        ("open its console", "open the console of VM 1", "open the console of VM 1"),
        ("back it up and restore it", "back VM 1 up and restore it", "back VM 1 up or restore it"),
        ("see who may do what", "see who may do what", "see who may do what"),
    ],
)
def test_words_become_a_sentence_about_one_thing(words, yes, no):
    assert (said(words, "VM 1"), denied(words, "VM 1")) == (yes, no)


def test_a_name_in_a_sentence_is_left_as_it_is():
    assert denied("see it", "guests in pool a and b") == "see guests in pool a and b"


def test_who_sees_a_place():
    assert sees("/vms/100", frozenset({"VM.Audit"}))
    assert sees("/storage/nfs", frozenset({"Datastore.AllocateSpace"}))
    assert not sees("/storage/nfs", frozenset({"VM.Audit"}))
    assert not sees("/access", frozenset({"Sys.Audit"}))

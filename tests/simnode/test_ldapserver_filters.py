"""Filters of the simulated directory, against an evaluator that knows only Python's words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pve_auth_tui.simnode.ldapserver.entries import Entry, Tree
from pve_auth_tui.simnode.ldapserver.filters import BadFilter, compiled
from tests.simnode.ldapclient import BASE, filter_octets

WORDS = ("ann", "Anna", "bob", "10", "9", "a b", "ä", "annann")
ATTRIBUTES = ("cn", "sn", "uid", "unknown")


def escaped(text):
    return "".join(f"\\{byte:02x}" for byte in text.encode())


items = some.one_of(
    some.tuples(some.just("="), some.sampled_from(ATTRIBUTES), some.sampled_from(WORDS)),
    some.tuples(
        some.sampled_from((">=", "<=")), some.sampled_from(ATTRIBUTES), some.sampled_from(WORDS)
    ),
    some.tuples(some.just("present"), some.sampled_from(ATTRIBUTES), some.none()),
    some.tuples(
        some.just("substrings"),
        some.sampled_from(ATTRIBUTES),
        some.tuples(
            some.sampled_from(("", "a", "An")),
            some.lists(some.sampled_from(("n", "nn", " ")), max_size=2),
            some.sampled_from(("", "n", "b")),
        ).filter(lambda parts: any((parts[0], parts[1], parts[2]))),
    ),
)
trees = some.recursive(
    items,
    lambda inner: some.one_of(
        some.tuples(some.sampled_from("&|"), some.lists(inner, min_size=1, max_size=3)),
        some.tuples(some.just("!"), inner),
    ),
    max_leaves=6,
)
values = some.lists(some.sampled_from(WORDS), max_size=2, unique=True)
people = some.lists(
    some.fixed_dictionaries({"cn": values, "sn": values, "uid": values}), min_size=1, max_size=3
)


def text_of(wanted):
    kind, *rest = wanted
    if kind in "&|":
        return f"({kind}{''.join(map(text_of, rest[0]))})"
    if kind == "!":
        return f"(!{text_of(rest[0])})"
    name, value = rest
    if kind == "present":
        return f"({name}=*)"
    if kind == "substrings":
        first, middle, last = value
        return f"({name}={'*'.join([escaped(first), *map(escaped, middle), escaped(last)])})"
    return f"({name}{kind}{escaped(value)})"


def substrings(held, first, middle, last):
    if not held.startswith(first):
        return False
    held = held[len(first) :]
    for piece in middle:
        _, found, held = held.partition(piece)
        if not found:
            return False
    return held.endswith(last)


def naive(wanted, person, known):
    """True, False or None as RFC 4511 4.5.1.7 has them."""
    kind, *rest = wanted
    if kind == "&":
        answers = [naive(each, person, known) for each in rest[0]]
        return False if False in answers else None if None in answers else True
    if kind == "|":
        answers = [naive(each, person, known) for each in rest[0]]
        return True if True in answers else None if None in answers else False
    if kind == "!":
        answer = naive(rest[0], person, known)
        return None if answer is None else not answer
    name, value = rest
    if name not in known:
        return None
    held = [each.lower() for each in person.get(name, [])]
    if kind == "present":
        return bool(held)
    if kind == "substrings":
        first, middle, last = value
        parts = (first.lower(), [each.lower() for each in middle], last.lower())
        return any(substrings(each, *parts) for each in held)
    value = value.lower()
    if kind == "=":
        return value in held
    pairs = [
        (int(each), int(value)) if each.isdigit() and value.isdigit() else (each, value)
        for each in held
    ]
    return any(one >= other if kind == ">=" else one <= other for one, other in pairs)


@settings(max_examples=150)
@given(trees, people)
def test_a_filter_finds_whom_a_naive_reading_finds(wanted, persons):
    entries = [
        Entry(f"cn=p{number},{BASE}", {"objectClass": ["person"], **person})
        for number, person in enumerate(persons)
    ]
    known = {name for person in persons for name, held in person.items() if held}
    test = compiled(*filter_octets(text_of(wanted)), Tree(entries))
    for entry, person in zip(entries, persons, strict=True):
        assert test(entry) == naive(wanted, person, known)


def names(wanted, *entries):
    test = compiled(*filter_octets(wanted), Tree(entries))
    return [entry.dn for entry in entries if test(entry)]


def test_bits_are_compared_as_active_directory_does():
    normal = Entry("cn=a", {"userAccountControl": ["512"]})
    disabled = Entry("cn=b", {"userAccountControl": ["514"]})
    rule = "userAccountControl:1.2.840.113556.1.4.803:=2"
    assert names(f"({rule})", normal, disabled) == ["cn=b"]
    assert names(f"(!({rule}))", normal, disabled) == ["cn=a"]


def test_membership_in_a_chain_of_groups_is_found():
    inner = Entry("cn=inner,dc=x", {"objectClass": ["group"], "memberOf": ["CN=Outer,DC=x"]})
    outer = Entry("cn=outer,dc=x", {"objectClass": ["group"]})
    ann = Entry("cn=ann,dc=x", {"objectClass": ["user"], "memberOf": ["cn=inner,dc=x"]})
    bob = Entry("cn=bob,dc=x", {"objectClass": ["user"]})
    chain = "(&(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:=cn=outer,dc=x))"
    assert names(chain, inner, outer, ann, bob) == ["cn=ann,dc=x"]
    direct = "(memberOf=CN=INNER, DC=x)"
    assert names(direct, inner, outer, ann, bob) == ["cn=ann,dc=x"]


def test_a_circle_of_groups_has_an_end():
    one = Entry("cn=one,dc=x", {"memberOf": ["cn=two,dc=x"]})
    two = Entry("cn=two,dc=x", {"memberOf": ["cn=one,dc=x"]})
    assert not names("(memberOf:1.2.840.113556.1.4.1941:=cn=three,dc=x)", one, two)


def test_a_category_may_have_its_short_name():
    ann = Entry("cn=ann,dc=x", {"objectCategory": ["CN=Person,CN=Schema,DC=x"]})
    assert names("(objectCategory=person)", ann)
    assert names("(objectCategory=cn=person,cn=schema,dc=x)", ann)
    assert not names("(objectCategory=group)", ann)


def test_a_filter_that_is_too_deep_is_refused():
    with pytest.raises(BadFilter):
        compiled(*filter_octets("(!" * 40 + "(cn=a)" + ")" * 40), Tree([]))

"""Realms, jobs and datacenter options: what is written is what is read again."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.datacenter import parse_datacenter, write_datacenter
from pve_auth_tui.core.domains import BUILT_IN, Domains, Realm, parse_domains, write_domains
from pve_auth_tui.core.jobs import parse_jobs, write_jobs
from pve_auth_tui.core.schema import DATACENTER, JOB, JOB_OPTIONS, REALM, REALM_OPTIONS
from pve_auth_tui.core.snapshot import Datacenter, Jobs, SyncJob

# Any text, as PVE would take it on a line: no line feed, no blanks at the ends
TEXT = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF), min_size=1, max_size=30
).filter(lambda text: text.strip() == text and text != "0")
COMMENT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50).filter(
    lambda text: text.strip(" ") == text and text != "0"
)
WORD = st.from_regex(r"[A-Za-z0-9_.\-]{1,12}", fullmatch=True)
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9.\-_]{1,12}", fullmatch=True)
FLAG = st.sampled_from("01")

VALUES = {
    "comment": COMMENT,
    "address": st.sampled_from(["dc1.example.com", "10.0.0.1", "fd00::1"]),
    "ldap-simple-attr": st.sampled_from(["cn", "name2"]),
    "ldap-simple-attr-list": st.sampled_from(["person", "person, group;x"]),
    "email-opt": st.just("a@b.c"),
    "mac-prefix": st.just("BC:24:12"),
    "pve-calendar-event": st.sampled_from(["daily", "mon..fri 02:00"]),
    "pve-realm": NAME,
    "sync_attributes": st.just("email=mail,comment=info"),
    "groups-claim": WORD,
    "http_proxy": st.just("http://proxy:3128"),
    "remove-vanished": st.sampled_from(["none", "acl;entry"]),
    "registered-tags": st.sampled_from(["a", "a;b"]),
    "color-map": st.just("a:00ff00:ffffff;b:000000"),
    "user-allow-list": st.just("a;b"),
    "network": st.just("10.0.0.0/24"),
    "acr-values": WORD,
    "audiences": WORD,
}


def value_of(name, rule, text=TEXT):
    if name in VALUES or rule.format in VALUES:
        return VALUES[name if name in VALUES else rule.format]
    if rule.enum:
        return st.sampled_from([word for word in rule.enum if word != "applet"])
    if rule.kind == "boolean":
        return FLAG
    if rule.kind in {"integer", "number"}:
        low = 1 if rule.minimum is None else rule.minimum
        high = low + 50 if rule.maximum is None else rule.maximum
        return st.integers(low, high).map(str)
    if rule.pattern:
        return WORD.filter(lambda text: len(text) > 1)
    return text


def parts_of(parts):
    """Values for a property string; one that needs another brings it along."""
    text = st.from_regex(r"[A-Za-z0-9:/. ]{0,10}[a-z]", fullmatch=True)
    needed = {name for rule in parts.values() if rule.needs for name in [rule.needs]}
    always = {
        name: value_of(name, rule, text)
        for name, rule in parts.items()
        if not rule.optional or name in needed
    }
    maybe = {name: value_of(name, rule, text) for name, rule in parts.items() if name not in always}
    return st.fixed_dictionaries(always, optional=maybe).filter(bool)


def joined(parts):
    return parts_of(parts).map(lambda values: ",".join(f"{k}={v}" for k, v in values.items()))


def options_of(properties, allowed):
    values = {
        name: joined(properties[name].parts)
        if properties[name].parts
        else value_of(name, properties[name])
        for name in allowed
        if name != "default"
    }
    required = {name for name, option in allowed.items() if not option.optional}
    return st.fixed_dictionaries(
        {name: values[name] for name in values if name in required},
        optional={name: values[name] for name in values if name not in required},
    )


def realm_of(kind):
    return options_of(REALM, REALM_OPTIONS[kind]).map(lambda options: (kind, options))


@st.composite
def realms(draw):
    names = draw(st.lists(NAME.filter(lambda name: name not in BUILT_IN), unique=True, max_size=3))
    found = {}
    for name in [*names, *BUILT_IN]:
        kinds = [name] if name in BUILT_IN else ["ldap", "ad", "openid", "pam", "pve"]
        kind, options = draw(st.sampled_from(kinds).flatmap(realm_of))
        if name in BUILT_IN:
            options = {"comment": BUILT_IN[name], **options}
        found[name] = Realm(name, kind, options)
    default = draw(st.sampled_from([None, *found]))
    if default:
        realm = found[default]
        found[default] = Realm(realm.name, realm.type, {**realm.options, "default": "1"})
    order = draw(st.permutations(list(found)))
    return {name: found[name] for name in order}


@given(realms())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
def test_realms_survive_writing_and_reading(found):
    again = parse_domains(write_domains(Domains(found)))
    assert again.warnings == ()
    assert again.realms == found
    assert list(again.realms) == list(found)


@given(
    st.dictionaries(
        NAME,
        options_of(JOB, JOB_OPTIONS["realm-sync"]).map(lambda o: {"enabled": "1", **o}),
        max_size=3,
    )
)
def test_jobs_survive_writing_and_reading(found):
    sync = {name: SyncJob(name, options["realm"], options) for name, options in found.items()}
    again = parse_jobs(write_jobs(Jobs(sync)))
    assert again.warnings == ()
    assert again.sync == sync


MAPS = ["migration", "replication", "ha", "notify", "u2f", "webauthn", "tag-style", "crs"]
LEFT_OUT = {*MAPS, "user-tag-access", "next-id", "description", "migration_unsecure"}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            **{name: parts_of(DATACENTER[name].parts) for name in MAPS},
            **{
                name: joined(rule.parts) if rule.parts else value_of(name, rule)
                for name, rule in DATACENTER.items()
                if name not in LEFT_OUT
            },
        },
    ),
    st.lists(COMMENT.filter(lambda text: "\n" not in text)),
)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
def test_datacenter_options_survive_writing_and_reading(options, notes):
    datacenter = Datacenter(options, "".join(f"{line}\n" for line in notes))
    again = parse_datacenter(write_datacenter(datacenter))
    assert again == datacenter

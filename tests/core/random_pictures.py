"""Clusters made up by hypothesis: valid files with few names, so that everything meets."""

from hypothesis import strategies as st

from tests.core.pictures import DAY, NOW, factor, factors, picture

USERS = ("anna@corp", "Anna@corp", "bob@pve", "ünal@pve", "o@entra", "lost@gone")
GROUPS = ("admins", "ops", "x-corp", "x-my-corp")
ROLES = ("Administrator", "PVEAdmin", "PVEAuditor", "PVEVMUser", "PVEUserAdmin", "NoAccess", "Own")
POOLS = ("lab", "lab/ci")
PATHS = (
    "/", "/access", "/access/groups", "/access/groups/admins", "/access/realm", "/nodes/pve1",
    "/pool", "/pool/lab", "/pool/lab/ci", "/storage", "/storage/nfs", "/vms", "/vms/100",
    "/vms/101",
)  # fmt: skip
TOKENS = tuple(f"{user}!t{number}" for user in USERS for number in (1, 2))
SUBJECTS = (*USERS, *TOKENS, *(f"@{group}" for group in GROUPS), "ghost@corp", "@ghosts")

_bit = st.sampled_from("01")
_expire = st.sampled_from([0, int(NOW) - DAY, int(NOW) + DAY, int(NOW) + 99 * DAY, 2**63])
_kinds = st.sampled_from(["totp", "webauthn", "yubico", "u2f"])


@st.composite
def lines(draw):
    """Lines of a user.cfg."""
    made = []
    for user in draw(st.sets(st.sampled_from(USERS))):
        made.append(f"user:{user}:{draw(_bit)}:{draw(_expire)}:First::a@b:\\x1b[1m:x:")
        for token in draw(st.sets(st.sampled_from(["t1", "t2"]))):
            made.append(f"token:{user}!{token}:{draw(_expire)}:{draw(_bit)}::")
    for group in draw(st.sets(st.sampled_from(GROUPS))):
        members = draw(st.sets(st.sampled_from([*USERS, "ghost@corp"])))
        made.append(f"group:{group}:{','.join(sorted(members))}:comment:")
    for pool in draw(st.sets(st.sampled_from(POOLS))):
        vms = draw(st.sets(st.sampled_from(["100", "101", "102"])))
        stores = draw(st.sets(st.sampled_from(["nfs", "ceph"])))
        made.append(f"pool:{pool}::{','.join(sorted(vms))}:{','.join(sorted(stores))}:")
    made.append(f"role:Own:{draw(st.sampled_from(['', 'VM.Audit,User.Modify', 'Gone.Priv']))}:")
    for _ in range(draw(st.integers(0, 12))):
        path, subject = draw(st.sampled_from(PATHS)), draw(st.sampled_from(SUBJECTS))
        made.append(f"acl:{draw(_bit)}:{path}:{subject}:{draw(st.sampled_from(ROLES))}:")
    return made


@st.composite
def second_factors(draw):
    """What tfa.cfg says about a few users, some of whom do not exist."""
    made = []
    for userid in draw(st.sets(st.sampled_from(["root@pam", *USERS, "ghost@corp"]))):
        kinds = draw(st.lists(_kinds, unique=True))
        entries = [factor(kind, "näme", enable=draw(st.booleans())) for kind in kinds]
        if draw(st.booleans()):
            entries.append(factor("recovery", unused=draw(st.integers(0, 10))))
        until = draw(st.sampled_from([None, int(NOW) - 5, int(NOW) + 5]))
        made.append(factors(userid, *entries, locked=draw(st.booleans()), until=until))
    return made


@st.composite
def pictures(draw):
    """A whole snapshot."""
    guests = draw(st.sampled_from([(), ((100, "web"), (101, "db"), (150, "x"))]))
    return picture(*draw(lines()), tfa=draw(second_factors()), guests=guests)

"""Configurations in which a handful of names meet on a handful of paths, made by hypothesis."""

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.core.pictures import picture

USERS = ("ann@pve", "bob@corp", "cy@corp")
TOKENS = tuple(f"{user}!{name}" for user in ("ann@pve", "root@pam") for name in ("own", "full"))
GROUPS = ("dev", "ops", "qa")
ROLES = ("Administrator", "NoAccess", "PVEAuditor", "PVEVMUser", "Own")
ASKED = (*USERS, *TOKENS, "ghost@pve", "root@pam", "ann@pve!gone")
PATHS = ("/", "/vms", "/vms/100", "/pool", "/pool/lab", "/pool/lab/ci", "/pool/x", "/storage/nfs")
WHERE = (*PATHS, "/vms/101", "/vms/100/x", "vms/100", "//vms//100", "/vms/100/", "/nodes/n1")
_WHO = (*USERS, *TOKENS, "ghost@pve", "root@pam", *(f"@{group}" for group in (*GROUPS, "gone")))
_bit = st.sampled_from("01")


@st.composite
def lines(draw):
    """Lines of a user.cfg; entries on few paths, so that they hide and replace each other."""
    made = [f"user:{user}:1:0:::::" for user in USERS]
    made += [f"token:{token}:0:{int(token.endswith('own'))}::" for token in TOKENS]
    members = st.sets(st.sampled_from([*USERS, "ghost@pve", "root@pam"]))
    made += [f"group:{group}:{','.join(sorted(draw(members)))}::" for group in GROUPS]
    made.append(f"role:Own:{draw(st.sampled_from(['', 'VM.Audit', 'VM.PowerMgmt,VM.Clone']))}:")
    homes = draw(st.permutations(["lab", "lab/ci", "x"]))
    made.append(f"pool:{homes[0]}::100:nfs:")
    made.append(f"pool:{homes[1]}::{draw(st.sampled_from(['', '101']))}:{draw(_stores)}:")
    for _ in range(draw(st.integers(0, 14))):
        path, who = draw(st.sampled_from(PATHS)), draw(st.sampled_from(_WHO))
        made.append(f"acl:{draw(_bit)}:{path}:{who}:{draw(st.sampled_from(ROLES))}:")
    return made


_stores = st.sampled_from(["", "nfs"])


@dataclass(frozen=True)
class World:
    """Lines of a user.cfg, somebody, and a path."""

    lines: list[str]
    who: str
    where: str

    @property
    def asked(self):
        """A picture of it, who, and where."""
        return picture(*self.lines), self.who, self.where


def worlds():
    """Somebody who may be named in it or not exist, and a path that may be an odd one."""
    return st.builds(World, lines(), st.sampled_from(ASKED), st.sampled_from(WHERE))

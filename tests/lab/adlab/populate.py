"""Fills the fresh domain, offline, with samba's own Python; runs in the machine, with its packages.

populate.py BIND_PASSWORD USER_PASSWORD MANY BIG LOCKS_AFTER
"""

import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

bind_password, user_password = sys.argv[1:3]
many, big, locks_after = map(int, sys.argv[3:])
settings = LoadParm()
settings.load("/etc/samba/smb.conf")
db = SamDB("/var/lib/samba/private/sam.ldb", session_info=system_session(), lp=settings)
base = str(db.domain_dn())


def user(name, ou, given="", surname="", *, password=user_password):
    db.newuser(
        name,
        password,
        userou=f"OU={ou}",
        givenname=given or None,
        surname=surname or None,
        mailaddress=f"{name.replace(' ', '.')}@lab.test" if given else None,
    )
    db.setexpiry(f"(sAMAccountName={name})", 0, no_expiry_req=True)


def put(name, attribute, value):
    found = db.search(expression=f"(sAMAccountName={name})", attrs=[])[0]
    message = ldb.Message(found.dn)
    message[attribute] = ldb.MessageElement(str(value), ldb.FLAG_MOD_REPLACE, attribute)
    db.modify(message)


def put_domain(**values):
    message = ldb.Message(ldb.Dn(db, base))
    for attribute, value in values.items():
        message[attribute] = ldb.MessageElement(str(value), ldb.FLAG_MOD_REPLACE, attribute)
    db.modify(message)


for ou in ("Service Accounts", "Proxmox Groups", "Staff", "Odd Names", "Empty", "Many", "Servers"):
    db.add({"dn": f"OU={ou},{base}", "objectClass": "organizationalUnit"})
user("proxmox_auth", "Service Accounts", "Proxmox", "Bind", password=bind_password)
for name in ("svc-disabled", "svc-expired", "svc-mustchange", "svc-locked", "svc-noexpiry"):
    user(name, "Service Accounts")
user("alice", "Staff", "Alice", "Anders")
user("bob", "Staff", "Bob", "Bauer")
user("carol.von", "Staff", "Carol", "von Straßburg")
user("Dave-UP", "Staff", "Dave", "Upper")
user("pia", "Staff", "Pia", "Primary")
user("near", "Staff", "Nea", "Rly")
user("locked", "Staff", "Loc", "Ked")
user("disabled", "Staff", "Dis", "Abled")
user("expired", "Staff", "Ex", "Pired")
user("mustchange", "Staff", "Must", "Change")
user("o'neil", "Odd Names", "Shaun", "O'Neil, Jr")
user("two words", "Odd Names", "Two", "Words")
for name in ("disabled", "svc-disabled"):
    db.disable_account(f"(sAMAccountName={name})")
for name in ("mustchange", "svc-mustchange"):
    put(name, "userAccountControl", 512)
    put(name, "pwdLastSet", 0)
for name in ("expired", "svc-expired"):
    put(name, "accountExpires", 132000000000000000)  # in 2019

for name in ("ProxmoxAdmins", "ProxmoxUsers", "NestedOps", "BigGroup"):
    db.newgroup(name, groupou="OU=Proxmox Groups")
# a comma and parentheses in a name, as Windows allows; newgroup does not escape them
db.add(
    {
        "dn": f"CN=Tier2 (Ops)\\, EMEA,OU=Proxmox Groups,{base}",
        "objectClass": "group",
        "sAMAccountName": "Tier2 (Ops) EMEA",
    }
)
db.add_remove_group_members("ProxmoxAdmins", ["alice"])
db.add_remove_group_members("ProxmoxUsers", ["bob", "carol.von", "Dave-UP"])
db.add_remove_group_members("NestedOps", ["bob", "ProxmoxAdmins"])
db.add_remove_group_members("Tier2 (Ops) EMEA", ["bob"])

# Whose primary group it is, a group of AD does not name.
db.newgroup("Staffers", groupou="OU=Proxmox Groups")
db.add_remove_group_members("Staffers", ["pia"])
token = db.search(expression="(sAMAccountName=Staffers)", attrs=["primaryGroupToken"])[0]
put("pia", "primaryGroupID", token["primaryGroupToken"])

# Locked for good after that many wrong passwords, which are counted for a day.
day = -24 * 3600 * 10**7
put_domain(lockoutThreshold=locks_after, lockOutObservationWindow=day, lockoutDuration=-(2**63))

# Only who is given the right adds computers, as a careful administrator has it.
put_domain(**{"ms-DS-MachineAccountQuota": 0})

db.transaction_start()
members = []
for at in range(many):
    name = f"u{at:05d}"
    dn = f"CN={name},OU=Many,{base}"
    db.add({"dn": dn, "objectClass": "user", "sAMAccountName": name, "mail": f"{name}@lab.test"})
    members.append(dn)
for first in range(0, big, 500):
    lines = "".join(f"member: {dn}\n" for dn in members[first : min(first + 500, big)])
    group = f"CN=BigGroup,OU=Proxmox Groups,{base}"
    db.modify_ldif(f"dn: {group}\nchangetype: modify\nadd: member\n{lines}")
db.transaction_commit()

"""PVE's API made of files: what PVE would answer to root@pam, and what may go wrong with it."""

import json

from pve_auth_tui.core import answers
from pve_auth_tui.core.errors import ApiError, Unreachable

ROOT_ONLY = "Permission check failed (/access/realm, Sys.Audit)\n"


class FakeApi:
    """A `core.ports.Api` over a picture. `faults`: path -> the error, or the answer instead.

    A path in `faults` stands for all below it; "" for every path. What was asked is in `asked`.
    """

    def __init__(self, snapshot, *, way="direct", user="root@pam", faults=()):
        self.way, self.user = way, user
        self.snapshot = snapshot
        self.faults = dict(faults)
        self.asked = []
        self.closed = False

    def call(self, method, path, params=None, secrets=None, *, seconds=30.0):
        asked = "/" + "/".join(path)
        self.asked.append(f"{method} {asked}")
        for fault, instead in self.faults.items():
            if asked == fault or asked.startswith(f"{fault}/"):
                if isinstance(instead, Exception):
                    raise instead
                return instead
        # through JSON: nothing of ours may reach the other side as an object
        return json.loads(json.dumps(self._answer(path, params or {})))

    def close(self):
        self.closed = True

    def _answer(self, path, params):
        if path[0] == "access":
            return self._access(path, params)
        access = self.snapshot.access.value
        match tuple(path):
            case ("pools",) if "poolid" in params:
                return [self._pool(access.pools[params["poolid"]])]
            case ("pools",):
                return answers.pools(access)
            case ("cluster", "options"):
                return answers.cluster_options(self.snapshot.datacenter.value, ["tag"])
            case ("cluster", "jobs", "realm-sync"):
                return answers.realm_sync_jobs(self.snapshot.jobs.value, {"nightly": 5})
            case ("cluster", "status"):
                return self._status()
            case ("cluster", "resources"):
                return self._resources()
            case ("version",):
                version = f"{self.snapshot.cluster.value.pve_release}.11"
                return {"version": version, "release": "9.2", "repoid": "0123456789abcdef"}
        raise ApiError(501, f"Method '{path}' not implemented")

    def _access(self, path, params):
        access, realms = self.snapshot.access.value, self.snapshot.realms.value
        now = self.snapshot.taken_at
        match tuple(path):
            case ("access",):
                return [{"subdir": "users"}]
            case ("access", "users"):
                full = bool(params.get("full"))
                return answers.users(access, realms, self.snapshot.tfa.value, full=full, now=now)
            case ("access", "groups" | "roles" | "acl" as name):
                return getattr(answers, name)(access)
            case ("access", "domains"):
                return list(reversed(answers.domains(realms)))  # PVE's order is random
            case ("access", "domains", name):
                return answers.domain(realms, name)
            case ("access", "tfa"):
                return list(reversed(answers.tfa(self.snapshot.tfa.value, now)))
        raise ApiError(501, f"Method '{path}' not implemented")

    def _pool(self, pool):
        inventory = self.snapshot.inventory.value
        guests = [inventory.guests[vmid] for vmid in pool.vms if vmid in inventory.guests]
        stores = [name for name in pool.storage if name in inventory.storages]
        comment = {} if pool.comment is None else {"comment": pool.comment}
        members = [self._guest(guest) for guest in guests]
        members += [{"type": "storage", "storage": name, "node": "pve1"} for name in stores]
        return {"poolid": pool.id, "members": members, **comment}

    def _guest(self, guest):
        return {"type": guest.type, "vmid": guest.vmid, "name": guest.name, "node": guest.node}

    def _status(self):
        cluster = self.snapshot.cluster.value
        nodes = [
            {
                "type": "node",
                "name": node.name,
                "online": int(bool(node.online)),
                "local": 1 if node.name == cluster.node else "",
                "ip": node.ip,
            }
            for node in cluster.nodes
        ]
        head = {"type": "cluster", "name": cluster.name, "quorate": int(bool(cluster.quorate))}
        return nodes if cluster.name is None else [head, *reversed(nodes)]

    def _resources(self):
        inventory = self.snapshot.inventory.value
        stores = [{"type": "storage", "storage": name} for name in inventory.storages]
        return [*(self._guest(guest) for guest in inventory.guests.values()), *stores]


def forbidden():
    return ApiError(403, ROOT_ONLY)


def silent(*, unsure=False):
    return Unreachable("Nobody answered within 10 seconds.", "Is it up?", unsure=unsure)

"""Parameters of /cluster and /nodes that the access schema leaves out, or has otherwise.

Sources: PVE::API2::{Cluster,Tasks,Services} and PVE::API2::Cluster::Jobs of pve-manager 9.2.11,
PVE::Jobs::RealmSync of pve-access-control 9.1.1, PVE::DataCenterConfig of pve-cluster 9.1.6;
recorded answers.
"""

from __future__ import annotations

from typing import Any, Final

from pve_auth_tui.core import schema

_ALL: Final = {"user": "all"}
_INTEGER: Final = {"type": "integer", "optional": True}
_TEXT: Final = {"type": "string", "optional": True}
_FLAG: Final = {"type": "boolean", "optional": True}
_COUNT: Final = {**_INTEGER, "minimum": 0}
_NODE: Final = {"type": "string", "format": "pve-node"}
_DELETE: Final = {**_TEXT, "format": "pve-configid-list"}
_AUDIT: Final = {"check": ["perm", "/", ["Sys.Audit"]]}
_MODIFY: Final = {"check": ["perm", "/", ["Sys.Modify"]]}
_SYNC: Final = {
    "check": [
        "and",
        ["perm", "/access/realm/{realm}", ["Realm.AllocateUser"]],
        ["perm", "/access/groups", ["User.Modify"]],
    ]
}
_SCHEDULE: Final = {"type": "string", "format": "pve-calendar-event", "maxLength": 128}
_JOB_ID: Final = {"type": "string", "format": "pve-configid"}
_JOB: Final[dict[str, Any]] = {
    "id": {**_JOB_ID, "maxLength": 64},
    "schedule": _SCHEDULE,
    "enabled": _FLAG,
    "comment": {**_TEXT, "maxLength": 512},
    "scope": schema.SYNC_OPTIONS["scope"],
    "remove-vanished": schema.SYNC_OPTIONS["remove-vanished"],
    "enable-new": _FLAG,
}
# PVE demands `scope` here as long as no other type of job is known, as in the recordings.
_NEW_JOB: Final[dict[str, Any]] = {
    **_JOB,
    "scope": {"type": "string", "enum": schema.SYNC_OPTIONS["scope"].enum},
    "realm": {"type": "string", "format": "pve-realm", "maxLength": 32},
}
_SERVICES: Final = (
    *("chrony", "corosync", "cron", "ksmtuned", "lxcfs", "postfix", "proxmox-firewall"),
    *("pve-cluster", "pve-firewall", "pve-ha-crm", "pve-ha-lrm", "pve-lxc-syscalld", "pvedaemon"),
    *("pvefw-logger", "pveproxy", "pvescheduler", "pvestatd", "qmeventd", "spiceproxy", "sshd"),
    *("syslog", "systemd-journald", "systemd-timesyncd"),
)

CLUSTER: Final[dict[str, dict[str, Any]]] = {
    "/cluster/jobs/realm-sync/{id}": {
        "GET": {"permissions": _AUDIT, "parameters": {"id": _JOB_ID}},
        "POST": {"permissions": _SYNC, "parameters": _NEW_JOB, "protected": True},
        "PUT": {
            "permissions": _SYNC,
            "parameters": {**_JOB, "delete": {**_DELETE, "maxLength": 4096}},
            "protected": True,
        },
        "DELETE": {"permissions": _MODIFY, "parameters": {"id": _JOB_ID}, "protected": True},
    },
    "/cluster/jobs/schedule-analyze": {
        "GET": {
            "permissions": _ALL,
            "parameters": {
                "schedule": _SCHEDULE,
                "starttime": _INTEGER,
                "iterations": {**_INTEGER, "minimum": 1, "maximum": 100},
            },
        }
    },
    "/cluster/options": {
        "GET": {"permissions": {**_ALL, **_AUDIT}},
        "PUT": {
            "permissions": _MODIFY,
            "parameters": {**schema.DATACENTER, "delete": _DELETE},
            "protected": True,
        },
    },
    "/cluster/resources": {
        "GET": {
            "permissions": _ALL,
            "parameters": {"type": {**_TEXT, "enum": ["vm", "storage", "node", "sdn"]}},
        }
    },
    "/cluster/tasks": {"GET": {"permissions": _ALL}},
    "/nodes/{node}/services/{service}": {
        "GET": {
            "permissions": {"check": ["perm", "/nodes/{node}", ["Sys.Audit"]]},
            "parameters": {"node": _NODE, "service": {"type": "string", "enum": _SERVICES}},
        }
    },
    "/nodes/{node}/tasks": {
        "GET": {
            "permissions": _ALL,
            "parameters": {
                "node": _NODE,
                "start": _COUNT,
                "limit": _COUNT,
                "userfilter": _TEXT,
                "typefilter": _TEXT,
                "vmid": {**_INTEGER, "minimum": 100, "maximum": 999_999_999},
                "errors": _FLAG,
                "source": {**_TEXT, "enum": ["archive", "active", "all"]},
                "since": _INTEGER,
                "until": _INTEGER,
                "statusfilter": _TEXT,
            },
            "proxyto": "node",
        }
    },
    "/nodes/{node}/tasks/{upid}": {
        "GET": {"permissions": _ALL, "parameters": {"node": _NODE, "upid": {"type": "string"}}},
        "DELETE": {
            "permissions": _ALL,
            "parameters": {"node": _NODE, "upid": {"type": "string"}},
            "protected": True,
        },
    },
}

"""PVE's /etc/pve/jobs.cfg: realm-sync jobs; backup jobs are kept, but not read.

Sources: PVE::Job::Registry of pve-common 9.2.1, PVE::Jobs::RealmSync of
pve-access-control 9.1.1.
"""

from __future__ import annotations

from dataclasses import replace

from pve_auth_tui.core import schema, sectionconfig
from pve_auth_tui.core.perltext import decode_text, encode_file
from pve_auth_tui.core.sectionconfig import Plugins, Section
from pve_auth_tui.core.snapshot import Jobs, SyncJob

FILE = "/etc/pve/jobs.cfg"
REALM_SYNC = "realm-sync"
PLUGINS = Plugins(schema.JOB, schema.JOB_OPTIONS, unread=frozenset({"vzdump"}))


def parse_jobs(data: bytes) -> Jobs:
    """Reads jobs.cfg; never fails, what PVE would ignore is ignored with its warning.

    `options` of a job has `enabled` even where the file leaves it out, as in PVE.
    """
    parsed = sectionconfig.parse(data, FILE, PLUGINS)
    sync = {section.id: _job(section) for section in parsed.sections if section.type == REALM_SYNC}
    return Jobs(sync, parsed.warnings, parsed.sections)


def _job(section: Section) -> SyncJob:
    options = {name: value for name, value in section.options.items() if name != "type"}
    options.setdefault("enabled", "1")
    if "comment" in options:
        options["comment"] = decode_text(options["comment"])
    return SyncJob(section.id, options["realm"], options)


def write_jobs(jobs: Jobs) -> bytes:
    """The file as PVE writes it: `sections` in their order with the jobs of `sync` as they are now.

    A job that is no longer in `sync` is left out, a new one comes last. Backup jobs stay as
    they were. Raises sectionconfig.WriteRefused when there is a section that PVE cannot read.
    """
    old = [
        section
        for section in jobs.sections
        if section.type != REALM_SYNC or section.id in jobs.sync
    ]
    new = [Section(job.id, REALM_SYNC) for job in jobs.sync.values()]
    known = {section.id for section in old}
    sections = [
        replace(section, options=jobs.sync[section.id].options)
        if section.type == REALM_SYNC
        else section
        for section in [*old, *(section for section in new if section.id not in known)]
    ]
    return encode_file(sectionconfig.write(sections, FILE, PLUGINS))

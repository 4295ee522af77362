"""Who may log in to a Proxmox VE cluster: see it, change it, get back in."""

__version__ = "0.1.0"

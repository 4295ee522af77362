"""Second factors as PVE's Rust core handles them: proxmox-tfa 6.0.5 with webauthn-rs 0.5.2."""

"""OpenID Connect realms: presets, what a provider says of itself, what PVE makes of claims."""

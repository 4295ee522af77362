"""What PVE's API methods do, one module per subject: HANDLERS maps (method, path) to a function."""

"""The commands that change something, or look at what was changed: one module each."""

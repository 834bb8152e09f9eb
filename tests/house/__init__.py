"""The house's own rules: sizes, docs that name everything, the lock."""

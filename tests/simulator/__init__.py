"""The simulated province, and what the real line makes of it."""

"""Alerts: decided purely, told once."""

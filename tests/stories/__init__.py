"""Whole nights, from the source to the table."""

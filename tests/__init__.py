"""Sentences about cities, one folder per room."""

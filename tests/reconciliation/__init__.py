"""Sentences about matching, checking and judging."""

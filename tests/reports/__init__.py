"""Receipts: everything found, once, and nothing in them that a spreadsheet would run."""

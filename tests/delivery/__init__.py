"""Handing receipts over."""

"""Handing a receipt over where a city works: one file per way."""

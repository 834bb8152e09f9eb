"""Doors to the cities, against real servers, real databases and real files."""

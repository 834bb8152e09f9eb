"""Timings against peers, floors and our own limits; never part of the tests."""

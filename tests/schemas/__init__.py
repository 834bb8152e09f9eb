"""Rows as sent become accepted, rejected or merged ones; the master catalogue is read or refused."""

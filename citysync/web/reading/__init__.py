"""What pages may know: every fact is read through a ``Reader``, which knows who asks."""

"""The small server a city runs on what it has: its directory as immutable snapshots with digests (docs/kit.md)."""

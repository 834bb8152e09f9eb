"""The city kit on its own: what it reads, what it answers, how it starts."""

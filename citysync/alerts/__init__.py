"""Who is told what, when, once: decided in pure functions, sent by one file per channel."""

"""Settings, city files and secrets: what is refused, and whether the message helps."""

"""Settings, city files and secrets: the only room that reads the environment."""

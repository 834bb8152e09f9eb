"""Every check of doctor against a fixture it passes and one it does not, on real servers, databases and files."""

"""The pages, asked in process and looked at in a real browser."""

"""``explain``: from the raw page to the verdict, each step with ids that resolve."""

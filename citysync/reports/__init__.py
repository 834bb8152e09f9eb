"""What a city and a province are given: receipts. Pure but for one writer."""

"""What the ledger keeps, and what it refuses."""

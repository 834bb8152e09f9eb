"""The pages a province opens every morning. Nothing here pulls, judges or recomputes: it shows what the ledger says."""

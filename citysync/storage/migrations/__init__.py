"""How one schema of the ledger becomes the next; run through ``citysync.storage.schema``."""

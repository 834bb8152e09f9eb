"""The ledger and the evidence: what was judged, on what bytes, against which master catalogue.

``reading`` and ``engine`` import neither polars nor alembic, so that ``status`` starts fast; ``ledger``, ``catalogue``
and ``pages`` carry frames.
"""

"""Routes: one module per page; each reads, presents and answers in a few lines."""

from __future__ import annotations

from citysync.web.pages import acts, api, city, figures, province, public, run, sign_in

PAGES = (acts, api, province, city, figures, public, run, sign_in)

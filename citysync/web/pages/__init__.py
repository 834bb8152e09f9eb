"""Routes: one module per page; each reads, presents and answers in a few lines."""

from __future__ import annotations

from citysync.web.pages import api, city, figures, province, public, run, sign_in

PAGES = (api, province, city, figures, public, run, sign_in)

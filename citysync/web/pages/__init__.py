"""Routes: one module per page; each reads, presents and answers in a few lines."""

from __future__ import annotations

from citysync.web.pages import acts, api, city, differences, figures, item, province, public, run, sessions, sign_in

# A city's tab is any word behind it: what has its own page there stands before.
PAGES = (acts, api, province, differences, item, city, figures, public, run, sessions, sign_in)

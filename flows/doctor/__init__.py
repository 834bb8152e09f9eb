"""``doctor``: our own side first, then each city link by link; the first broken link is named, nothing is published."""

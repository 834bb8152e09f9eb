"""Facts into what a page says: pure, one module per page, no query and no clock."""

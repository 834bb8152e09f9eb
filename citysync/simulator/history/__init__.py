"""A province over many nights: differences come and go, the master changes, cities follow; and what is then true."""

"""A province that does not exist: master catalogue, cities that answer over HTTP, SQL and files, and the truth."""

"""How the rooms connect: one city's walk along the line, and a night of many cities side by side."""

"""How the rooms connect: the crew of children, the night, Prefect."""

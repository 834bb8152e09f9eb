"""The nouns of the field: codes, columns, days, divisions, states."""

"""The nouns of the field. This room imports no other room of ours."""

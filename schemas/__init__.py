"""What a row must be: values mapped, texts cast, rows accepted or rejected, and pandera's proof that it was done right.

Casting is ours and pandera proves it: pandera's own coercion gives up on a whole frame for one bad value.
"""

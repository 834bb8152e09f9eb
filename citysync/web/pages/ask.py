"""What an endpoint asks for: the ledger as the asker may read it, and the language of the answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from citysync.web.language import Language, asked_for, language
from citysync.web.policy import Asker
from citysync.web.reading.reader import Reader


def reader_of(request: Request, asker: Asker) -> Reader:
    """Return the ledger as the asker may read it."""
    return request.app.state.library.reader(asker)  # type: ignore[no-any-return]


def language_of(request: Request) -> Language:
    """Return the language the request asks for."""
    return language(asked_for(request))


Reading = Annotated[Reader, Depends(reader_of)]
Speaking = Annotated[Language, Depends(language_of)]

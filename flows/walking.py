"""Walking the cities of a run side by side, and stopping when our side, or a person, ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from datetime import datetime

from citysync.domain.errors import CitySyncError
from citysync.domain.verdict import STATE_LABELS
from flows.crew import Hands
from flows.interrupt import undisturbed
from flows.night import LOOK_SECONDS, Night

Say = Callable[[str, str], None]  # (city code, one line for people)


def walk_all(night: Night, crew: Hands, say: Say, now: Callable[[], datetime], workers: int) -> None:
    """Walk every city of a run, ``workers`` at a time, those that asked us to wait once more at the end.

    An error of ours stops the run after the cities under way; an interruption stops those too. Cities another run is
    at work on come last.
    """
    _walk_these(sorted(night.cities, key=lambda code: code in night.busy), night, crew, say, now, workers)
    _walk_these(tuple(night.deferred), night, crew, say, now, workers)


def _walk_these(
    codes: Iterable[str], night: Night, crew: Hands, say: Say, now: Callable[[], datetime], workers: int
) -> None:
    with ThreadPoolExecutor(workers, thread_name_prefix="city") as pool:
        walks = [pool.submit(_walk_one, night, crew, code, say, now) for code in codes]
        try:
            while wait(walks, LOOK_SECONDS, return_when=FIRST_EXCEPTION).not_done:
                _raise_first(walks)  # looks now and then: a signal may not wake a wait that has no end
            _raise_first(walks)
        except CitySyncError:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop(night, crew)
            raise


def _raise_first(walks: Iterable[Future[None]]) -> None:
    """Raise what ended the first walk that failed, if one has."""
    for walk in walks:
        if walk.done() and not walk.cancelled():
            walk.result()


def stop(night: Night, crew: Hands) -> None:
    """End the walks under way: the page under way is cut, the children are gone, and no verdict is made of it."""
    with undisturbed():
        night.cancel()
        crew.close()


def _walk_one(night: Night, crew: Hands, code: str, say: Say, now: Callable[[], datetime]) -> None:
    verdict = night.walk(code, crew, lambda text: say(code, text), now)
    say(code, f"结论：{STATE_LABELS[verdict.state]}")

"""What is old may go; what is in force, waited for, measured by or needed for a replay never does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain.retention import GUARD_RUNS, Evidence, File, Kind, Part, may_go, sort_files
from tests.builders import NOW

BOTH = frozenset({Kind.PAGES, Kind.SNAPSHOTS})
CUTOFF = NOW - timedelta(days=90)
OLD = (NOW - timedelta(days=91)).timestamp()


def night(seq: int, age: float = 200, *, code: str = "440300", adopted: bool = True, whole: bool = True) -> Evidence:
    return Evidence(seq, code, NOW - timedelta(days=age), adopted, whole, BOTH if adopted else frozenset({Kind.PAGES}))


def gone(*history: Evidence, needed: Collection[tuple[int, str]] = ()) -> dict[Kind, list[int]]:
    parts = may_go(history, CUTOFF, needed)
    return {kind: sorted(part.seq for part in parts if part.kind is kind) for kind in sorted(BOTH)}


def test_a_city_that_failed_for_a_year_keeps_its_last_good_night_and_the_last_failure() -> None:
    failing = [night(seq, 300 - seq, adopted=False) for seq in range(2, 200)]
    assert gone(night(1, 400), *failing) == {Kind.PAGES: list(range(2, 199)), Kind.SNAPSHOTS: []}


def test_nights_inside_the_policy_stay_whole_whatever_their_order_says_of_the_clock() -> None:
    history = [night(1, 500), night(2, 10), night(3, 500), night(4, 89.9), night(5, 500), night(6, 1)]
    assert gone(*history)[Kind.PAGES] == [1, 3, 5]


def test_the_guards_measure_stays_though_a_clock_that_jumped_makes_it_old() -> None:
    history = [night(seq, 5000 - seq) for seq in range(1, 20)]
    assert gone(*history) == {Kind.PAGES: list(range(1, 19)), Kind.SNAPSHOTS: list(range(1, 20 - GUARD_RUNS))}


def test_a_re_check_in_force_keeps_the_whole_pull_it_rests_on() -> None:
    history = [night(1), night(2), night(3, whole=False), night(4, adopted=False), night(5, whole=False)]
    assert gone(*history)[Kind.PAGES] == [1, 4]


def test_what_an_approval_was_given_for_stays_while_it_holds() -> None:
    history = [night(1), night(2, adopted=False), night(3)]
    assert gone(*history)[Kind.PAGES] == [1, 2]
    assert gone(*history, needed={(2, "440300")})[Kind.PAGES] == [1]
    assert gone(*history, needed={(2, "440100")})[Kind.PAGES] == [1, 2]


NIGHTS = st.lists(
    st.tuples(st.sampled_from(("440100", "440300")), st.integers(0, 400), st.booleans(), st.booleans()),
    min_size=1,
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(NIGHTS, st.sets(st.integers(1, 40), max_size=3))
def test_no_history_loses_what_is_in_force_or_what_a_kept_night_needs(
    told: list[tuple[str, int, bool, bool]], asked: set[int]
) -> None:
    history = [
        night(seq, age, code=code, adopted=adopted, whole=whole)
        for seq, (code, age, adopted, whole) in enumerate(told, start=1)
    ]
    needed = {(each.seq, each.city_code) for each in history if each.seq in asked}
    parts = set(may_go(history, CUTOFF, needed))
    for code in {each.city_code for each in history}:
        mine = [each for each in history if each.city_code == code]
        adopted = [each for each in mine if each.adopted]
        stays = [mine[-1], *(each for each in mine if each.at >= CUTOFF or (each.seq, code) in needed)]
        if adopted:
            stays.append(adopted[-1])
            rests_on = next((each for each in reversed(adopted) if each.whole), adopted[0])
            stays += [each for each in adopted if each.seq >= rests_on.seq]
        assert not {Part(each.seq, code, kind) for each in stays for kind in BOTH} & parts
        for each in mine:
            if Part(each.seq, code, Kind.PAGES) not in parts:  # it can be replayed: its memory is there
                earlier = [before for before in adopted if before.seq < each.seq]
                assert not earlier or Part(earlier[-1].seq, code, Kind.SNAPSHOTS) not in parts
    assert parts == set(may_go(reversed(history), CUTOFF, needed))
    rest = [Evidence(e.seq, e.city_code, e.at, e.adopted, e.whole, e.has - _kinds(parts, e)) for e in history]
    assert may_go(rest, CUTOFF, needed) == [], "a second purge finds nothing"


def _kinds(parts: set[Part], each: Evidence) -> set[Kind]:
    return {part.kind for part in parts if (part.seq, part.city_code) == (each.seq, each.city_code)}


def test_a_file_that_anything_kept_names_stays_and_one_nothing_names_goes_a_day_later() -> None:
    young = (NOW - timedelta(hours=23)).timestamp()
    files = {
        "pages/aa/shared": File(1, OLD),
        "pages/ab/past": File(2, OLD),
        "snapshots/440300/past.parquet": File(4, young),
        "pages/ac/nobodys": File(8, OLD),
        "pages/ad/just-written": File(16, young),
    }
    past = {"pages/ab/past", "snapshots/440300/past.parquet", "pages/ae/gone-already"}
    found = sort_files(files, {"pages/aa/shared"}, past, {"unfinished/.tmp-1": File(0, OLD)}, NOW)
    assert {kind: list(names) for kind, names in found.going.items()} == {
        Kind.PAGES: ["pages/ab/past"],
        Kind.SNAPSHOTS: ["snapshots/440300/past.parquet"],
        Kind.ORPHANS: ["pages/ac/nobodys"],
        Kind.UNFINISHED: ["unfinished/.tmp-1"],
    }
    assert (found.count, found.kept_files, found.kept_bytes, found.spared) == (4, 2, 17, 0)


def test_a_folder_that_is_mostly_another_ledgers_is_left_alone_unless_asked() -> None:
    files = {f"pages/aa/{number}": File(1, OLD) for number in range(30)}
    kept = {f"pages/aa/{number}" for number in range(5)}
    spared = sort_files(files, kept, set(), {}, NOW)
    assert (spared.count, spared.spared, spared.kept_files) == (0, 25, 30)
    assert sort_files(files, kept, set(), {}, NOW, every_orphan=True).count == 25
    assert sort_files(files, {f"pages/aa/{number}" for number in range(16)}, set(), {}, NOW).count == 14

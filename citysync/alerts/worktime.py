"""When a message may go out: quiet hours, weekends, holidays and make-up days. Pure.

What is held goes out together the next working morning. Our own failures do not wait.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

from citysync.domain.workdays import Calendar

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
OPENS, CLOSES, MORNING = time(8), time(21), time(8, 30)


def not_before(now: datetime, calendar: Calendar, *, urgent: bool) -> datetime:
    """Return the moment from which a message may go out: now, or the next working morning at 08:30."""
    local = now.astimezone(SHANGHAI)
    if urgent or (calendar.is_workday(local.date()) and OPENS <= local.time() < CLOSES):
        return now
    day = local.date() if local.time() < OPENS else local.date() + timedelta(days=1)
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    return datetime.combine(day, MORNING, SHANGHAI).astimezone(now.tzinfo)

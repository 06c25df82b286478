"""Date and time of a sending, as the clock on the wall shows them."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import streamlit as st

from core.dispatch import leaving
from pages.parts.resources import desk, t, zone


def choose(key: str, *, standing: datetime | None = None) -> datetime:
    """The chosen point in time, to begin with the one that stands, else tomorrow morning. Raises what `leaving.checked` does."""
    today = desk().now().astimezone(zone()).date()
    first = standing.astimezone(zone()).replace(tzinfo=None) if standing else datetime.combine(today + timedelta(days=1), time(8))
    day, clock = st.columns([6, 5])
    chosen = day.date_input(t("Date"), value=max(first.date(), today), min_value=today, format="DD/MM/YYYY", key=f"leave-day/{key}")
    hour = clock.time_input(t("Time"), value=first.time().replace(second=0, microsecond=0), step=900, key=f"leave-hour/{key}")
    return leaving.checked(desk(), datetime.combine(chosen, hour))

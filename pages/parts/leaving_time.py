"""Date and time of a sending, as the clock on the wall shows them."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import streamlit as st

from core.dispatch import leaving
from pages.parts.resources import desk, t, zone


def choose(key: str) -> datetime:
    """The chosen point in time. Raises what `leaving.checked` does."""
    today = desk().now().astimezone(zone()).date()
    day, clock = st.columns([6, 5])
    chosen = day.date_input(t("Date"), value=today + timedelta(days=1), min_value=today, format="DD/MM/YYYY", key=f"leave-day/{key}")
    hour = clock.time_input(t("Time"), value=time(8), step=900, key=f"leave-hour/{key}")
    return leaving.checked(desk(), datetime.combine(chosen, hour))

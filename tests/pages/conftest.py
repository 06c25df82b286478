"""The dashboard over a desk of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st

from core.app import App


@pytest.fixture
def dashboard(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """The environment that the pages open the program from points at this test's desk."""
    settings = app.desk.settings
    assert settings.secret_key
    monkeypatch.setenv("FACTURIER_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("FACTURIER_ARCHIVE_URL", settings.archive_url)
    monkeypatch.setenv("FACTURIER_SECRET_KEY", settings.secret_key.get_secret_value())
    monkeypatch.setenv("FACTURIER_COUNTDOWN_S", "0")
    st.cache_resource.clear()
    yield app
    st.cache_resource.clear()

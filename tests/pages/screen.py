"""A page within the dashboard, and the words on it."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]


def page(path: str, language: str = "en", **query: str) -> AppTest:
    """One page within the dashboard's navigation."""
    test = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=30)
    test.session_state["language"] = language
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    test.switch_page(path).run()
    assert not test.exception
    return test


def words(test: AppTest) -> str:
    parts = [*test.subheader, *test.markdown, *test.info, *test.warning, *test.error, *test.caption, *test.text]
    return "\n".join(str(part.value) for part in parts)


def preview(test: AppTest) -> str:
    """What the components of our own are given: the mail as it is shown, and the words in the editor."""
    return "\n".join(str(each.proto.mixed.json) + str(each.proto.json) for each in test.get("bidi_component"))

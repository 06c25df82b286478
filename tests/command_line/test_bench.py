"""The figures come as JSON; what they are is no matter of a test."""

from __future__ import annotations

import pytest

from tests.command_line.shell import done


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a peer may leave its files open
def test_render_measures_every_figure_that_bench_names() -> None:
    figures = done("bench", "render", "--times", "10").json()
    assert {name.split(" ")[0] for name in figures} == {"B1", "B2", "B3", "B4", "B11"}
    assert all(figure["wall_ms"] > 0 and figure["times"] >= 10 for figure in figures.values())
    assert "B1 pdf, 10 lines, plain fpdf2" in figures  # a peer that is always installed

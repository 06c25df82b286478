"""How far the demo is, on stderr: it takes some seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn


@dataclass(frozen=True)
class Telling:
    progress: Progress

    def say(self, words: str) -> None:
        self.progress.console.print(words, highlight=False)

    def begin(self, what: str, total: int) -> Task:
        return Task(self.progress, self.progress.add_task(f"{total:,} {what}", total=total))


@dataclass(frozen=True)
class Task:
    progress: Progress
    number: int

    def step(self, _done: object = None) -> None:
        self.progress.advance(self.number)  # type: ignore[arg-type]

    def reached(self, done: int) -> None:
        self.progress.update(self.number, completed=done)  # type: ignore[arg-type]


@contextmanager
def telling() -> Iterator[Telling]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=5) as progress:
        yield Telling(progress)

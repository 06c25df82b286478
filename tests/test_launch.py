"""The launcher: who dies is started again and the others stay; whoever is told to end, ends; nobody is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from core import launch
from tests.mail.fault_server import free_port

REPOSITORY = Path(__file__).parents[1]
WAITS = (sys.executable, "-c", "import time; time.sleep(600)")
DIES = (sys.executable, "-c", "raise SystemExit(3)")
STARTED = re.compile(r"started\s+.*?pid=(\d+)\s+process=(\w+)")


def until(condition: Callable[[], bool], *, within_s: float = 20) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@contextmanager
def launched(folder: Path, *command: str, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], dict[str, list[int]]]]]:
    """A launcher in a process of its own, and which pids it gave to whom so far."""
    log = folder / "launch.log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | environment, stdout=file, stderr=file)

    def started() -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        plain = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(errors="replace"))
        for pid, name in STARTED.findall(plain):
            found.setdefault(name, []).append(int(pid))
        return found

    try:
        yield process, started
    finally:
        pids = [pid for some in started().values() for pid in some]
        for pid in (process.pid, *pids):
            if alive(pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        process.wait()


def script(**crew: tuple[str, ...]) -> tuple[str, ...]:
    return (sys.executable, "-c", f"from core import launch; launch.run({crew!r}, poll_s=0.02)")


def test_a_killed_child_is_started_again_and_the_others_stay(tmp_path: Path) -> None:
    with launched(tmp_path, *script(one=WAITS, two=WAITS, three=WAITS)) as (process, started):
        until(lambda: len(started()) == 3)
        victim = started()["two"][0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(started()["two"]) == 2)
        assert {name: len(pids) for name, pids in started().items()} == {"one": 1, "two": 2, "three": 1}
        assert alive(started()["one"][0])
        assert alive(started()["three"][0])
        assert process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_all_end_and_the_exit_is_clean(tmp_path: Path, number: signal.Signals) -> None:
    with launched(tmp_path, *script(one=WAITS, two=WAITS)) as (process, started):
        until(lambda: len(started()) == 2)
        process.send_signal(number)
        assert process.wait(10) == 0
        assert not any(alive(pid) for pids in started().values() for pid in pids)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child that its parent died")
def test_children_die_with_a_killed_launcher(tmp_path: Path) -> None:
    with launched(tmp_path, *script(one=WAITS, two=WAITS)) as (process, started):
        until(lambda: len(started()) == 2)
        process.kill()
        until(lambda: not any(alive(pid) for pids in started().values() for pid in pids))


def test_who_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "PATIENCE_S", 0.2)
    ready = tmp_path / "ready"
    deaf = f"import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); pathlib.Path({str(ready)!r}).touch(); time.sleep(600)"
    child = launch.Child("deaf", (sys.executable, "-c", deaf))
    child.start(0.0)
    until(ready.exists)
    child.end()
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


def test_who_dies_at_once_waits_longer_each_time() -> None:
    child = launch.Child("doomed", DIES)
    now, pauses = 0.0, []
    for _ in range(8):
        child.watch(now)
        process = child.process
        assert process is not None
        process.wait()
        child.watch(now)
        pauses.append(child.due_at - now)
        child.watch(now)  # too early: not started again
        assert child.process is None
        now = child.due_at
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_who_lived_long_starts_again_without_delay() -> None:
    child = launch.Child("old", DIES, pause_s=16)
    child.watch(100)
    assert child.process is not None
    child.process.wait()
    child.watch(100 + launch.WELL_AFTER_S + 1)
    assert child.due_at == 100 + launch.WELL_AFTER_S + 1 + launch.FIRST_PAUSE_S


def test_the_dashboard_stays_on_this_machine_without_settings_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "--server.address=127.0.0.1" in launch.crew()["dashboard"]
    monkeypatch.chdir(REPOSITORY)
    assert not any("--server" in part for part in launch.crew()["dashboard"])
    assert 'address = "127.0.0.1"' in (REPOSITORY / ".streamlit" / "config.toml").read_text()


def test_run_makes_the_demo_and_keeps_a_desk_up(tmp_path: Path) -> None:
    ports = {"FACTURIER_CATCHER_PORT": str(free_port()), "STREAMLIT_SERVER_PORT": str(free_port())}
    with launched(tmp_path, sys.executable, "-m", "core", "run", **ports) as (process, started):
        until(lambda: set(started()) >= {"worker", "catcher", "dashboard"}, within_s=60)
        first = {name: pids[0] for name, pids in started().items()}
        until(lambda: "mail catcher started" in (tmp_path / "launch.log").read_text())
        os.kill(first["worker"], signal.SIGKILL)
        until(lambda: len(started()["worker"]) == 2)
        assert alive(first["catcher"])
        assert alive(first["dashboard"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    ledger = subprocess.run(
        [sys.executable, "-m", "core", "ledger", "all", "--format", "csv"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(ledger.stdout.splitlines()) == 1201

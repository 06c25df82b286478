from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import FileEmpty, FileNotReadable, FileTooLarge, FormatUnsupported
from core.sources import ACCEPTED_ENDINGS, read_file
from tests.sources.documents import invoice


@pytest.mark.parametrize("name", ["a.xml", "A.XML", "é è.Xml"])
def test_a_file_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(invoice())
    assert read_file(tmp_path / name).invoice.number == "2026-17"


def test_31_megabytes_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.xml"
    path.touch()
    os.truncate(path, 31_000_000)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(FileTooLarge) as caught:
        read_file(path)
    assert caught.value.sentence.values == {"size": "31.0", "limit": "30"}


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.xml").touch()
    with pytest.raises(FileEmpty):
        read_file(tmp_path / "a.xml")


@pytest.mark.parametrize(("name", "ending"), [("a.pdf", ".pdf"), ("a.xml.ZIP", ".zip"), ("README", "README")])
def test_other_endings(tmp_path: Path, name: str, ending: str) -> None:
    assert ending not in ACCEPTED_ENDINGS
    with pytest.raises(FormatUnsupported) as caught:
        read_file(tmp_path / name)
    assert caught.value.sentence.values == {"ending": ending}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.xml").mkdir()
    for name, why in (("folder.xml", "it is not a file"), ("absent.xml", "No such file or directory")):
        with pytest.raises(FileNotReadable) as caught:
            read_file(tmp_path / name)
        assert caught.value.sentence.values == {"why": why}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xml")
    with pytest.raises(FileNotReadable):
        read_file(tmp_path / "pipe.xml")

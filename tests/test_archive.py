"""What is archived is read back as it was, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.archive import open_archive, sha256
from core.errors import ArchiveDamaged


@pytest.mark.parametrize("url", ["file://{folder}", "{folder}", "memory://facturier"])
def test_there_and_back(url: str, tmp_path: Path) -> None:
    archive = open_archive(url.format(folder=tmp_path / "archive"))
    content = b"\x00\xff a sealed mail"
    assert archive.put(content) == archive.put(content) == sha256(content)
    assert archive.get(sha256(content)) == content
    with pytest.raises(ArchiveDamaged):
        archive.get("0" * 64)


def test_a_changed_file_is_noticed_and_drafts_do_not_stay(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path))
    digest = archive.put(b"as sent")
    [kept] = [path for path in tmp_path.rglob("*") if path.is_file()]
    kept.write_bytes(b"as forged")
    with pytest.raises(ArchiveDamaged, match=digest):
        archive.get(digest)

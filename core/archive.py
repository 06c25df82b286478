"""Files that must never change: kept under their own SHA-256, on a folder or any fsspec storage."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path
from typing import Protocol

import fsspec

from core.errors import ArchiveAway, ArchiveDamaged


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Archive(Protocol):
    """Content-addressed storage: the same bytes are kept once, and reading checks them."""

    def put(self, content: bytes) -> str: ...

    def get(self, digest: str) -> bytes: ...


def open_archive(url: str) -> Archive:
    """A folder for `file://…` or a bare path; anything else goes through fsspec."""
    if url.startswith("file://") or "://" not in url:
        return FolderArchive(Path(url.removeprefix("file://")))
    return RemoteArchive(url)


class FolderArchive:
    """Written to a draft, synced and renamed: a crash leaves a whole file or none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        digest = sha256(content)
        path = self._path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{digest}.{uuid.uuid4().hex}")
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            _sync_folder(path.parent)
        finally:
            draft.unlink(missing_ok=True)
        return digest

    def get(self, digest: str) -> bytes:
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError as missing:
            if not self._is_there():
                raise ArchiveAway(folder=str(self.folder)) from missing
            raise ArchiveDamaged(sha256=digest) from missing
        return _checked(content, digest)

    def _is_there(self) -> bool:
        """A volume that is not mounted leaves no folder, or an empty one."""
        return self.folder.is_dir() and next(self.folder.iterdir(), None) is not None

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest


def _sync_folder(folder: Path) -> None:
    """The name too must survive a power cut, not only the content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class RemoteArchive:
    """Any fsspec storage (S3, SFTP, memory); its own upload is taken as atomic, as object stores promise."""

    def __init__(self, url: str) -> None:
        self.filesystem, self.root = fsspec.core.url_to_fs(url)  # type: ignore[no-untyped-call]

    def put(self, content: bytes) -> str:
        digest = sha256(content)
        path = f"{self.root}/{digest[:2]}/{digest}"
        if not self.filesystem.exists(path) or self.filesystem.size(path) != len(content):  # a former upload may have been cut
            self.filesystem.makedirs(f"{self.root}/{digest[:2]}", exist_ok=True)
            self.filesystem.pipe_file(path, content)
        return digest

    def get(self, digest: str) -> bytes:
        try:
            content: bytes = self.filesystem.cat_file(f"{self.root}/{digest[:2]}/{digest}")
        except FileNotFoundError as missing:
            raise ArchiveDamaged(sha256=digest) from missing
        return _checked(content, digest)


def _checked(content: bytes, digest: str) -> bytes:
    if sha256(content) != digest:
        raise ArchiveDamaged(sha256=digest)
    return content

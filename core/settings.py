"""Settings from the environment (FACTURIER_*), read once by the composition root."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024


def default_folder() -> Path:
    """`data/var` of the folder the program is started in: live database, archive and key."""
    return Path("data/var").resolve()


class Settings(BaseSettings):
    """Times in seconds, sizes in bytes. DESIGN §5 names the ones that tests and tuning rely on."""

    model_config = SettingsConfigDict(env_prefix="FACTURIER_")

    database_url: str = ""
    archive_url: str = ""
    queue_url: str = ""  # huey's storage: sqlite:///…, postgresql://… or redis://…
    secret_key: SecretStr | None = None
    language: str = "en"
    time_zone: str = "Europe/Brussels"

    claim_lease_s: float = 60
    reply_wait_s: float = 600  # RFC 5321 4.5.3.2.6
    sending_lease_s: float = 660  # longer than the wait for the reply to the final dot
    connect_timeout_s: float = 60
    retry_hours: float = 24
    back_off_s: float = 5  # before the second try; every further wait is longer
    poll_s: float = 1.0
    lines: int = Field(default=4, ge=1)  # of one worker process, over all accounts; each account's own limit counts as well
    connections: int = Field(default=10, ge=1)  # of an account that names no limit, over all workers
    idle_line_s: float = 10  # how long a line is kept for the next mail
    leave_within_hours: float = 72  # what has not left by then waits for a person

    dns_server: str = ""  # ask this one, as 127.0.0.1:5353, instead of the machine's own

    microsoft_authority: str = "https://login.microsoftonline.com"
    google_authorize_uri: str = "https://accounts.google.com/o/oauth2/v2/auth"
    google_token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

    countdown_s: float = 20  # between the click on the screen and the first mail

    terms_limit: int = 5 * MIB
    mail_limit: int = 20 * MIB

    catcher_host: str = "127.0.0.1"
    catcher_port: int = 2525
    catcher_folder: Path = Path()  # where the local mail catcher keeps what it took

    def model_post_init(self, _context: object) -> None:
        folder = default_folder()
        self.database_url = self.database_url or f"sqlite:///{folder / 'facturier.db'}"
        self.archive_url = self.archive_url or f"file://{folder / 'archive'}"
        self.queue_url = self.queue_url or f"sqlite:///{folder / 'queue.db'}"
        if self.catcher_folder == Path():
            self.catcher_folder = folder / "catcher"

    def fernet(self) -> Fernet:
        """The cipher for secrets at rest: the key of the environment, else a 0600 file made on first use."""
        return Fernet(self._secret())

    def audit_key(self) -> bytes:
        """What seals the heads of the audit chains: of the same secret, and of no use for anything else."""
        return hmac.new(self._secret(), b"audit", hashlib.sha256).digest()

    def queue_key(self) -> bytes:
        """What signs the background work, so that only this desk's programs can order any."""
        return hmac.new(self._secret(), b"queue", hashlib.sha256).digest()

    def _secret(self) -> bytes:
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        path = default_folder() / "secret.key"
        if not path.exists():
            _make_key(path)
        return path.read_bytes().strip()


def _make_key(path: Path) -> None:
    """Write a new key so that a concurrent first start never sees half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key())
    try:
        os.link(draft, path)
    except FileExistsError:  # another process was first; its key counts
        pass
    finally:
        draft.unlink()

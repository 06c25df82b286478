"""Debian's dovecot from a folder of its own: IMAP on loopback over the Maildirs of `postfix.py`."""

from __future__ import annotations

import contextlib
import imaplib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mail.fault_server import free_port
from tests.mail.postfix import OWNER
from tests.mail.waiting import until

PROGRAM = Path("/usr/sbin/dovecot")
SECRET = "geheim'\"\\ 4711"  # with letters that a careless client would not carry
SETTINGS = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
info_log_path = {folder}/log
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
first_valid_uid = 1
mail_location = maildir:{maildirs}/%u
mail_uid = {uid}
mail_gid = {gid}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
"""


TOKENS = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2
}}
"""
INTROSPECTION = """
introspection_url = {url}
introspection_mode = auth
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass(frozen=True)
class Dovecot:
    port: int  # STARTTLS is offered
    tls_port: int
    folder: Path

    def log(self) -> str:
        log = self.folder / "log"
        return log.read_text() if log.exists() else "dovecot wrote no log"


def why_not() -> str:
    """Why there can be no such server here; empty where there can."""
    if os.getuid() != 0:
        return "dovecot changes its user for each of its programs: only root can start it"
    return "" if PROGRAM.exists() else "dovecot is not installed (make mailservers)"


@contextlib.contextmanager
def running(*mailboxes: str, maildirs: Path, cert: Path, key: Path, introspection: str = "") -> Iterator[Dovecot]:
    """Everybody's password is SECRET; with `introspection` (RFC 7662) tokens are taken instead. Ended by its process id."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
    folder.chmod(0o755)
    server = Dovecot(free_port(), free_port(), folder)
    try:
        for name in ("run", "home"):
            (folder / name).mkdir()
        user = pwd.getpwnam(OWNER)
        values = {"folder": folder, "maildirs": maildirs, "uid": user.pw_uid, "gid": user.pw_gid, "cert": cert, "key": key}
        settings = SETTINGS.format(port=server.port, tls_port=server.tls_port, **values)
        if introspection:
            settings = settings.replace("auth_mechanisms = plain login", "auth_mechanisms = xoauth2") + TOKENS.format(folder=folder)
            (folder / "oauth2").write_text(INTROSPECTION.format(url=introspection))
        (folder / "conf").write_text(settings)
        (folder / "users").write_text("".join(f"{mailbox}:{{PLAIN}}{SECRET}\n" for mailbox in mailboxes))
        process = subprocess.Popen([PROGRAM, "-F", "-c", folder / "conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: _answers(server.port), server.log)
            yield server
        finally:
            process.terminate()
            process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int) -> bool:
    try:
        imaplib.IMAP4("127.0.0.1", port, timeout=5).logout()
    except (OSError, imaplib.IMAP4.error):
        return False
    return True

"""Debian's postfix from a folder of its own: on loopback, into Maildirs, with nothing that could leave the machine."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mail.fault_server import free_port
from tests.mail.waiting import until

PROGRAMS = Path("/usr/lib/postfix/sbin")
OWNER = "nobody"  # of the Maildirs
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "pid", "private", "saved", "trace")
SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{plain_port} inet n - n - - smtpd -o smtpd_discard_ehlo_keywords=dsn,silent-discard
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
SETTINGS = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {programs}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.{domain}
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_reject_unlisted_recipient = no
local_recipient_maps =
alias_maps =
alias_database =
default_transport = error:5.1.2 There is no such domain here
relay_transport = error:5.1.2 There is no such domain here
recipient_delimiter = +
virtual_mailbox_base = {folder}/mail
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = inline:{{ {mailboxes} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_mailbox_limit = 0
mailbox_size_limit = 0
message_size_limit = 52428800
in_flow_delay = 0s
"""


@dataclass(frozen=True)
class Postfix:
    """`plain_port` is the same server without DSN: what it sends back names our mail by its Message-ID alone."""

    port: int
    plain_port: int
    folder: Path

    def maildir(self, mailbox: str) -> Path:
        return self.folder / "mail" / mailbox

    def mails(self, mailbox: str) -> list[bytes]:
        """What arrived there, the oldest first."""
        files = [*(self.maildir(mailbox) / "new").glob("*"), *(self.maildir(mailbox) / "cur").glob("*")]
        return [file.read_bytes() for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)]

    def wait_for(self, mailbox: str, count: int) -> list[bytes]:
        until(lambda: len(self.mails(mailbox)) >= count, lambda: self.log())
        return self.mails(mailbox)

    def deliver(self, mailbox: str, *contents: bytes) -> None:
        """Put mails into the Maildir by hand, as if another server had brought them."""
        user = pwd.getpwnam(OWNER)
        for folder in ("", "new", "cur", "tmp"):
            path = self.maildir(mailbox) / folder
            path.mkdir(exist_ok=True)
            os.chown(path, user.pw_uid, user.pw_gid)
        for content in contents:
            file = self.maildir(mailbox) / "new" / f"{time.time_ns()}.M{os.getpid()}.test"
            file.write_bytes(content)
            os.chown(file, user.pw_uid, user.pw_gid)

    def log(self) -> str:
        log = self.folder / "log"
        return log.read_text() if log.exists() else "postfix wrote no log"


def why_not() -> str:
    """Why there can be no such server here; empty where there can."""
    if os.getuid() != 0:
        return "postfix changes its user for each of its programs: only root can start it"
    return "" if (PROGRAMS / "master").exists() else "postfix is not installed (make mailservers)"


@contextlib.contextmanager
def running(*mailboxes: str, domain: str) -> Iterator[Postfix]:
    """Its own configuration, queue and Maildirs below a temporary folder that its users can reach; ended by its process id."""
    folder = Path(tempfile.mkdtemp(prefix="postfix-", dir="/tmp"))
    folder.chmod(0o755)
    server = Postfix(free_port(), free_port(), folder)
    try:
        _prepare(server, mailboxes, domain)
        process = subprocess.Popen([PROGRAMS / "master", "-c", folder / "etc", "-d"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: _answers(server.port) and _answers(server.plain_port), server.log)
            yield server
        finally:
            process.terminate()
            process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(server: Postfix, mailboxes: tuple[str, ...], domain: str) -> None:
    folder, user = server.folder, pwd.getpwnam(OWNER)
    owner, drop = pwd.getpwnam("postfix"), grp.getgrnam("postdrop").gr_gid
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir()
    for name in QUEUES:
        (folder / "queue" / name).mkdir(mode=0o700)
        os.chown(folder / "queue" / name, 0 if name == "pid" else owner.pw_uid, 0 if name == "pid" else owner.pw_gid)
    for name, mode in (("public", 0o710), ("maildrop", 0o730)):
        (folder / "queue" / name).mkdir()
        os.chown(folder / "queue" / name, owner.pw_uid, drop)
        (folder / "queue" / name).chmod(mode)
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    os.chown(folder / "mail", user.pw_uid, user.pw_gid)
    known = ", ".join(f"{{{mailbox} = {mailbox}/}}" for mailbox in mailboxes)
    domains = ", ".join(sorted({mailbox.partition("@")[2] for mailbox in mailboxes}))
    values = {
        "folder": folder,
        "programs": PROGRAMS,
        "domain": domain,
        "domains": domains,
        "mailboxes": known,
        "uid": user.pw_uid,
        "gid": user.pw_gid,
    }
    (folder / "etc" / "main.cf").write_text(SETTINGS.format(**values))
    (folder / "etc" / "master.cf").write_text(SERVICES.format(port=server.port, plain_port=server.plain_port))


def _answers(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as probe:
            return probe.noop()[0] == 250
    except OSError:
        return False

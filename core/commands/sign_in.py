"""Sign a company in at its mail provider."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Annotated, Any

import typer

from core.commands.shell import DONE, SOME_REFUSED, complain, opened_app
from core.records import OAuthProvider

LOOK_S = 0.2
CLOSE_THIS = b"<!doctype html><title>Facturier</title><p>Facturier has the answer; this window can be closed.</p>"


def sign_in(
    key: str,
    paste: Annotated[bool, typer.Option("--paste", help="Google, from another machine: type in the address that the browser ends at.")] = False,
) -> int:
    """Sign in at Microsoft or Google instead of giving a password: shows where, and waits."""
    from core.dispatch import companies, signing

    desk = opened_app().desk
    company = companies.find(desk, key)
    if signing.grant(desk, company.id).provider is OAuthProvider.GOOGLE:
        _at_google(desk, company, paste=paste)
    elif not _at_microsoft(desk, company):
        complain.print("Nobody signed in in time. Start again when you are ready.")
        return SOME_REFUSED
    complain.print(f"Signed in as {signing.grant(desk, company.id).signed_in_as or '?'}. What is queued leaves now.")
    return DONE


def sign_out(key: str) -> int:
    """Forget the sign-in of a company."""
    from core.dispatch import companies, signing

    desk = opened_app().desk
    signing.sign_out(desk, companies.find(desk, key))
    return DONE


def _at_microsoft(desk: Any, company: Any) -> bool:
    """Whether somebody typed the code before it ran out."""
    from core.dispatch import signing

    started = signing.begin(desk, company)
    complain.print(f"Open {started.address} and type this code: {started.code}")
    while desk.now() < started.expires_at:
        if signing.poll(desk, company, started):
            return True
        time.sleep(LOOK_S)
    return False


def _at_google(desk: Any, company: Any, *, paste: bool) -> None:
    """The browser comes back to this machine, or its address is typed in."""
    from core.dispatch import signing

    if paste:
        started = signing.begin(desk, company)
        complain.print(f"Open {started.address}\nIt ends at an address that cannot be shown; type that address here:")
        signing.finish(desk, company, started, typer.prompt("", prompt_suffix="", err=True))
        return
    with _Receiver(("127.0.0.1", 0), _Answer) as receiver:
        started = signing.begin(desk, company, redirect=f"http://127.0.0.1:{receiver.server_address[1]}/")
        complain.print(f"Open {started.address}")
        receiver.timeout = (started.expires_at - desk.now()).total_seconds()
        receiver.handle_request()
        signing.finish(desk, company, started, receiver.answer)


class _Receiver(HTTPServer):
    answer = ""


class _Answer(BaseHTTPRequestHandler):
    server: _Receiver

    def do_GET(self) -> None:
        """The one request that the browser makes."""
        self.server.answer = self.path.partition("?")[2]
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(CLOSE_THIS)

    def log_message(self, *_: object) -> None:
        """The code is in the address: nothing of it is logged."""

"""A sign-in server on loopback, over HTTPS: the device code as Microsoft gives it (RFC 8628), Google's code with PKCE, and refreshing."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.mail import certificates

TENANT = "contoso.example"
CLIENT = "11111111-2222-3333-4444-555555555555"
SECRET = "canary-client-secret"
WHO = "factures@dubois.example"


@dataclass
class Book:
    """What the provider knows: who may do what, and what it was asked."""

    approved: bool = False
    declined: bool = False
    away: bool = False
    rotates: bool = False  # a refresh token is good once
    granted: str = ""  # scopes, where fewer than asked for
    good: set[str] = field(default_factory=set)  # access tokens that mail servers take
    refreshable: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)  # Google's codes, with the challenge of PKCE
    asked: list[dict[str, str]] = field(default_factory=list)
    every: list[str] = field(default_factory=list)  # tokens that were ever given
    scopes: dict[str, str] = field(default_factory=dict)  # what each access token is good for
    begun: str = ""  # the scopes that the device code was asked for with
    lock: threading.Lock = field(default_factory=threading.Lock)
    _next: Iterator[int] = field(default_factory=itertools.count)

    def tokens(self, scope: str, audience: str) -> dict[str, object]:
        place = next(self._next)
        access, refresh = f"canary-access-{place}-xyz", f"canary-refresh-{place}-xyz"
        self.good.add(access)
        self.refreshable.add(refresh)
        self.every += [access, refresh]
        self.scopes[access] = self.granted or scope
        now = int(time.time())
        claims = {"iss": "https://x", "sub": "s1", "aud": audience, "exp": now + 3600, "iat": now, "oid": "o1", "tid": "t1"}
        claims |= {"preferred_username": WHO, "email": WHO}
        client_info = _encoded({"uid": "o1", "utid": "t1"})
        return {
            "token_type": "Bearer",
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": 3600,
            "scope": self.granted or scope,
            "id_token": f"{_encoded({'alg': 'none'})}.{_encoded(claims)}.",
            "client_info": client_info,
        }

    def expire(self) -> None:
        """No mail server takes the access tokens of before."""
        self.good.clear()

    def revoke(self) -> None:
        self.expire()
        self.refreshable.clear()

    def consent(self, address: str) -> str:
        """What the browser would bring back from that address, once the person said yes."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{next(self._next)}"
        self.codes[code] = query["code_challenge"]
        return f"{query['redirect_uri']}?state={query['state']}&code={code}&scope=x"

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        with self.lock:
            self.asked.append(form)
            kind = form.get("grant_type", "")
            if kind.endswith("device_code"):
                return self._device(form)
            if kind == "refresh_token":
                return self._refresh(form)
            return self._code(form)

    def _device(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if form["device_code"] != "canary-device-code":
            return 400, {"error": "bad_verification_code"}
        if self.declined:
            return 400, {"error": "authorization_declined", "error_description": "AADSTS70000: declined. Trace ID: 1"}
        if not self.approved:
            return 400, {"error": "authorization_pending", "error_description": "AADSTS70016: pending"}
        return 200, self.tokens(self.begun, form["client_id"])

    def _refresh(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if form["refresh_token"] not in self.refreshable:
            return 400, {"error": "invalid_grant", "error_description": "AADSTS700082: The refresh token has expired. Trace ID: 1\r\nx"}
        if self.granted and set(form.get("scope", self.granted).split()) - {"offline_access", "openid", "profile"} - set(self.granted.split()):
            return 400, {"error": "invalid_grant", "error_description": "AADSTS65001: The user has not consented. Trace ID: 1"}
        if self.rotates:
            self.refreshable.discard(form["refresh_token"])
        return 200, self.tokens(form.get("scope") or GOOGLE, form["client_id"])

    def _code(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if self.codes.pop(form["code"], "") != base64.urlsafe_b64encode(digest).decode().rstrip("="):
            return 400, {"error": "invalid_grant", "error_description": "Bad code."}
        return 200, self.tokens(GOOGLE, form.get("client_id", "by Basic"))


GOOGLE = "openid https://www.googleapis.com/auth/userinfo.email https://mail.google.com/"


def _encoded(value: dict[str, object] | dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@dataclass(frozen=True)
class SignInServer:
    book: Book
    url: str
    certificate: Path


class _Handler(BaseHTTPRequestHandler):
    book: Book
    url: str

    def do_GET(self) -> None:
        base = f"{self.url}/{TENANT}"
        self._say(
            200,
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path.endswith("/devicecode"):
            self.book.begun = form["scope"]
            address = "https://microsoft.example/devicelogin"
            begun = {"device_code": "canary-device-code", "user_code": "ABCD-EFGH", "verification_uri": address, "expires_in": 900, "interval": 0}
            self._say(200, begun if form["client_id"] == CLIENT else {"error": "invalid_client", "error_description": "AADSTS700016: no such app"})
            return
        self._say(*self.book.answer(form))

    def _say(self, code: int, value: dict[str, object]) -> None:
        if self.book.away:
            code, value = 503, {}
        content = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing of it belongs in the output of the tests."""


@contextmanager
def running(folder: Path) -> Iterator[SignInServer]:
    cert, key = certificates.write(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    class Handler(_Handler):
        book = Book()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Handler.url = f"https://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield SignInServer(Handler.book, Handler.url, cert)
        finally:
            server.shutdown()
            thread.join()

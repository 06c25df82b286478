"""A DNS server on loopback, over UDP and TCP, that answers from a table and can fail in every way."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

SERVFAIL, MUTE, TRUNCATED = "servfail", "mute", "truncated"


@dataclass
class Zone:
    """Records by name and type; `odd` names fail in their own way. Names that it does not know do not exist."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    over_tcp: int = 0

    def add(self, name: str, kind: str, *values: str) -> None:
        self.records[name, kind] = [f'"{value}"' if kind == "TXT" else value for value in values]

    def answer(self, wire: bytes, *, tcp: bool) -> bytes | None:
        query = dns.message.from_wire(wire)
        name, kind = query.question[0].name.to_text(omit_final_dot=True).lower(), query.question[0].rdtype.name
        self.asked.append((name, kind))
        self.over_tcp += tcp
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        oddity = self.odd.get(name, "")
        if oddity == MUTE:
            return None
        if oddity == SERVFAIL:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif oddity == TRUNCATED and not tcp:
            reply.flags |= dns.flags.TC
        elif values := self.records.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(name + ".", 60, "IN", kind, *values))
        elif not any(known == name or known.endswith(f".{name}") for known, _ in self.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()


class _Udp(socketserver.BaseRequestHandler):
    zone: Zone

    def handle(self) -> None:
        wire, sock = self.request
        reply = self.zone.answer(wire, tcp=False)
        if reply is not None:
            sock.sendto(reply, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    zone: Zone

    def handle(self) -> None:
        [length] = struct.unpack("!H", self.rfile.read(2))
        reply = self.zone.answer(self.rfile.read(length), tcp=True)
        if reply is not None:
            self.wfile.write(struct.pack("!H", len(reply)) + reply)


class _TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def running(records: Mapping[tuple[str, str], list[str]] | None = None) -> Iterator[tuple[Zone, str]]:
    """The zone, and where it is served."""
    zone = Zone(dict(records or {}))
    udp_handler, tcp_handler = type("Udp", (_Udp,), {"zone": zone}), type("Tcp", (_Tcp,), {"zone": zone})
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), udp_handler) as udp:
        port = udp.server_address[1]
        with _TcpServer(("127.0.0.1", port), tcp_handler) as tcp:
            threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in (udp, tcp)]
            for thread in threads:
                thread.start()
            try:
                yield zone, f"127.0.0.1:{port}"
            finally:
                udp.shutdown()
                tcp.shutdown()

"""Resolvers on loopback that say what a test tells them."""

import contextlib
import threading
import time
from collections.abc import Generator, Mapping
from typing import Any

from dnslib import QTYPE, RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from tests.conftest import free_port

Zone = dict[str, str]
"""Names with what is said of them: an rcode such as `SERVFAIL`, `silence`, or records in the form of zone files."""


class _Said(BaseResolver):
    def __init__(self, zone: Mapping[str, str]) -> None:
        self.zone = zone
        self.asked: list[str] = []

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:
        name = str(request.q.qname).lower().rstrip(".")
        self.asked.append(f"{name} {QTYPE[request.q.qtype]}")
        said = self.zone.get(name, "NXDOMAIN")
        reply = request.reply()
        if said == "silence":
            time.sleep(1.5)
        elif said in ("NXDOMAIN", "SERVFAIL", "REFUSED"):
            reply.header.rcode = getattr(RCODE, said)
        else:
            for record in RR.fromZone(said):
                if record.rtype in (request.q.qtype, QTYPE.CNAME) or record.rname != request.q.qname:
                    reply.add_answer(record)
        return reply


@contextlib.contextmanager
def nameserver(zone: Mapping[str, str]) -> Generator[str]:
    """A resolver that knows this zone, which may change meanwhile; yields its `host:port`."""
    port = free_port()
    said, logger = _Said(zone), DNSLogger(logf=lambda _: None, prefix=False)
    servers = [DNSServer(said, port=port, address="127.0.0.1", tcp=tcp, logger=logger) for tcp in (False, True)]
    for each in servers:
        # A late answer finds nobody who waits for it.
        each.server.handle_error = lambda *_: None
        threading.Thread(target=each.server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        for each in servers:
            each.server.shutdown()
            each.server.server_close()

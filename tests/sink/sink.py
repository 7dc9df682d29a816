#!/usr/bin/env python3
"""A real SMTP server that stores mails and can misbehave. For tests only.

Listens on 127.0.0.1. Speaks JSON lines: events on stdout, orders on stdin; ends when stdin closes, so that it
never outlives the test that started it.

Events  {"event": "ready", "port": N}            listening
        {"event": "mode"}                        an order was carried out
        {"event": "connection", "open": N}       somebody connected; N are open now
        {"event": "command", "verb": V, "tls": B} a command came in
        {"event": "mail", "from", "to", "headers", "body", "raw"}
Orders  {"mode": NAME, ...}   see MODES
        {"kick": true}        close every open connection without a word, as servers do with idle ones

Needs Debian's python3-aiosmtpd.
"""

import argparse
import asyncio
import email
import email.policy
import functools
import json
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

# ok              takes everything
# greylist        451 to the first try for each recipient, then takes it
# tempfail        451 to the recipients in "addresses", or to all when there are none
# refuse          550 to the recipients in "addresses", or to all when there are none
# refuse_sender   553 to every sender
# refuse_content  554 after the content, quoting its text
# slow            waits "seconds" before the answer to the content
# drop_data       closes the connection after the first line of the content
# hangup_silent   stores the mail, then closes the connection without an answer
# hangup_polite   stores the mail, answers 250, then closes the connection
# long_refusal    550 to every recipient, with a line that is far too long
# long_thanks     stores the mail and answers 250 with a line that is far too long
MODES = {
    "ok", "greylist", "tempfail", "refuse", "refuse_sender", "refuse_content", "slow", "drop_data",
    "hangup_silent", "hangup_polite", "long_refusal", "long_thanks",
}


class Sink:
    def __init__(self, options):
        self.options = options
        self.order = {"mode": options.mode}
        self.seen = set()
        self.open = set()

    @property
    def mode(self):
        return self.order["mode"]

    def say(self, event, **fields):
        sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
        sys.stdout.flush()

    def obey(self, line):
        order = json.loads(line)
        if order.get("kick"):
            for session in list(self.open):
                session.transport.abort()
        if "mode" in order:
            if order["mode"] not in MODES:
                raise SystemExit(f"unknown mode {order['mode']}")
            self.order = order
        self.say("mode")

    def store(self, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.say(
            "mail",
            **{"from": envelope.mail_from},
            to=envelope.rcpt_tos,
            headers=[[name, str(value)] for name, value in message.items()],
            body=message.get_content() if message.get_content_type() == "text/plain" else "",
            raw=envelope.content.decode("latin-1"),
        )

    # aiosmtpd's hooks

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mode == "refuse_sender":
            return "553 5.7.1 sender address rejected: not owned by user"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.mode == "long_refusal":
            return "550 5.1.1 " + "no such user here " * 500
        addresses = self.order.get("addresses", [])
        if self.mode == "refuse" and (not addresses or address in addresses):
            return "550 5.1.1 no such user here"
        if (self.mode == "tempfail" and (not addresses or address in addresses)) or (self.mode == "greylist" and address not in self.seen):
            self.seen.add(address)
            return "451 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.mode == "refuse_content":
            text = email.message_from_bytes(envelope.content, policy=email.policy.default).get_content()
            return "554 5.7.1 looks like spam: " + " ".join(text.split())
        if self.mode == "slow":
            await asyncio.sleep(self.order.get("seconds", 60))
        self.store(envelope)
        return "250 OK" + (" thank you" * 500 if self.mode == "long_thanks" else "")

    def authenticate(self, server, session, envelope, mechanism, data):
        given = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=given == self.options.auth, handled=False)


class Session(SMTP):
    """One connection; the misbehaviour that aiosmtpd has no hook for."""

    def __init__(self, sink, **options):
        self.sink = sink
        super().__init__(sink, **options)
        if sink.options.trace:
            self._smtp_methods = {v: self.traced(v, m) for v, m in self._smtp_methods.items()}

    def traced(self, verb, method):
        @functools.wraps(method)
        async def call(argument):
            tls = self._tls_protocol is not None or self.sink.options.tls is not None
            self.sink.say("command", verb=verb, tls=tls)
            await method(argument)
        return call

    def connection_made(self, transport):
        first = self not in self.sink.open
        self.sink.open.add(self)
        super().connection_made(transport)
        if first:
            self.sink.say("connection", open=len(self.sink.open))

    def connection_lost(self, error):
        self.sink.open.discard(self)
        super().connection_lost(error)

    async def push(self, status):
        if self.sink.options.inject and str(status).startswith("220 Ready to start TLS"):
            status += "\r\n250-localhost\r\n250 AUTH PLAIN"
        await super().push(status.encode() if isinstance(status, str) else status)

    async def smtp_DATA(self, argument):
        mode = self.sink.mode
        if mode == "drop_data" and self.envelope.rcpt_tos:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._reader.readuntil(b"\r\n")
            self.transport.abort()
            return
        if mode == "hangup_silent":
            self.push = self.only_go_ahead
        await super().smtp_DATA(argument)
        if mode == "hangup_polite" and self.transport is not None:
            self.transport.close()

    async def only_go_ahead(self, status):
        if str(status).startswith("354"):
            await super().push(status)
        else:
            self.transport.abort()


def certificate(pair):
    if pair is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair[0], pair[1])
    return context


async def main(options):
    loop = asyncio.get_running_loop()
    sink = Sink(options)
    session_options = {
        "hostname": "sink.example.jp",
        "ident": "sink",
        "tls_context": certificate(options.starttls),
        "require_starttls": options.starttls is not None,
        "auth_required": options.auth is not None,
        "auth_require_tls": options.starttls is not None,
        "authenticator": sink.authenticate,
        "auth_exclude_mechanism": ["LOGIN"] if options.only_plain else [],
    }
    server = await loop.create_server(
        lambda: Session(sink, **session_options), "127.0.0.1", options.port, ssl=certificate(options.tls), backlog=128
    )
    sink.say("ready", port=server.sockets[0].getsockname()[1])
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        sink.obey(line)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--mode", choices=sorted(MODES), default="ok")
    parser.add_argument("--starttls", nargs=2, metavar=("CERT", "KEY"), help="offer STARTTLS and insist on it")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="TLS from the first byte")
    parser.add_argument("--auth", metavar="USER:PASSWORD", help="insist on AUTH")
    parser.add_argument("--only-plain", action="store_true", help="AUTH PLAIN, no LOGIN")
    parser.add_argument("--inject", action="store_true", help="append plain replies to the answer to STARTTLS")
    parser.add_argument("--trace", action="store_true", help="report every command")
    logging.disable(logging.CRITICAL)
    import warnings
    warnings.simplefilter("ignore")
    try:
        asyncio.run(main(parser.parse_args()))
    except KeyboardInterrupt:
        pass

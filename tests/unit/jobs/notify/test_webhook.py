"""One POST, against a real HTTP server."""

from __future__ import annotations

import asyncio
import base64
import secrets
import socket
import ssl
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography.fernet import Fernet
from standardwebhooks import Webhook, WebhookVerificationError

from tests.unit.jobs.notify.receivers import TO_LOOPBACK, Receiver, receiver
from waypost.server.jobs.notify import webhook
from waypost.server.jobs.notify.addresses import Guard
from waypost.server.jobs.notify.retries import Outcome
from waypost.server.jobs.notify.secrets import Secrets
from waypost.server.jobs.notify.webhook import WebhookSender
from waypost.server.jobs.spec import WebhookTarget

BODY = '{"id":"j1-7","data":"Zürich"}'.encode()
NO_SECRETS = Secrets((), {})


@pytest.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiver() as running:
        yield running


class Names(AbstractResolver):
    """A name server that gives these answers in turn, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        self.asked.append(host)
        address = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0),
        ]

    async def close(self) -> None:
        pass


async def sent(target: WebhookTarget, *, guard: Guard = TO_LOOPBACK, **options: Any) -> Outcome:
    vault = options.pop("vault", NO_SECRETS)
    async with WebhookSender(vault, guard, **({"timeout_s": 20.0} | options)) as sender:
        return await sender.send(target, "j1-7", BODY, time.time())


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


async def test_every_key_of_a_rotation_verifies_the_signature(hook: Receiver) -> None:
    old, new, other = new_secret(), new_secret(), new_secret()
    vault = Secrets((Fernet.generate_key().decode(),), {"orders": (old, new)})
    own = WebhookTarget(uri=hook.uri(), sealed_secrets=(vault.seal(old), vault.seal(new)))
    for target in (own, WebhookTarget(uri=hook.uri(), secret_name="orders")):
        assert await sent(target, vault=vault) == Outcome(http_status=204)
        got = hook.got.get_nowait()
        assert (got.method, got.body, got.headers["webhook-id"]) == ("POST", BODY, "j1-7")
        assert got.headers["Content-Type"] == "application/cloudevents+json; charset=UTF-8"
        for secret in (old, new):
            assert Webhook(secret).verify(got.body, dict(got.headers)) == got.event
        with pytest.raises(WebhookVerificationError):
            Webhook(other).verify(got.body, dict(got.headers))
        with pytest.raises(WebhookVerificationError):
            Webhook(new).verify(got.body.replace(b"7", b"8"), dict(got.headers))


async def test_without_a_secret_nothing_is_signed(hook: Receiver) -> None:
    await sent(WebhookTarget(uri=hook.uri()))
    assert "webhook-signature" not in hook.got.get_nowait().headers


async def test_a_secret_that_cannot_be_opened_sends_nothing(hook: Receiver) -> None:
    sealed = Secrets((Fernet.generate_key().decode(),), {}).seal(new_secret())
    outcome = await sent(WebhookTarget(uri=hook.uri(), sealed_secrets=(sealed,)))
    assert "not in the configuration" in outcome.error
    outcome = await sent(WebhookTarget(uri=hook.uri(), secret_name="gone"))
    assert "'gone'" in outcome.error
    assert hook.got.empty()


@pytest.mark.parametrize("status", [200, 201, 204, 299])
async def test_a_2xx_is_a_delivery(hook: Receiver, status: int) -> None:
    hook.answer(status)
    assert await sent(WebhookTarget(uri=hook.uri())) == Outcome(http_status=status)


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_any_other_status_is_a_failure(hook: Receiver, status: int) -> None:
    hook.answer(status)
    assert await sent(WebhookTarget(uri=hook.uri())) == Outcome(http_status=status, error=f"status {status}")


async def test_410_says_that_the_target_is_gone(hook: Receiver) -> None:
    hook.answer(410)
    assert (await sent(WebhookTarget(uri=hook.uri()))).gone


async def test_retry_after_is_read(hook: Receiver) -> None:
    hook.answer(429, Retry_After="120")
    assert (await sent(WebhookTarget(uri=hook.uri()))).retry_after_s == 120


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(hook: Receiver, status: int) -> None:
    hook.answer(status, Location=hook.uri())
    outcome = await sent(WebhookTarget(uri=hook.uri()))
    assert (outcome.http_status, outcome.error) == (status, f"status {status}: redirects are not followed")
    assert hook.got.qsize() == 1


async def test_a_receiver_that_does_not_answer_is_given_up(hook: Receiver) -> None:
    never = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    hook.answers.append(slow)
    outcome = await sent(WebhookTarget(uri=hook.uri()), timeout_s=0.2)
    assert outcome == Outcome(error="no answer within 0.2 s")
    never.set()


async def test_a_body_without_end_is_read_up_to_a_bound(hook: Receiver) -> None:
    written = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(65_536))  # until the other side is gone
            written += 65_536

    hook.answers.append(endless)
    assert await sent(WebhookTarget(uri=hook.uri())) == Outcome(http_status=200)
    assert written < 16 * 2**20


async def test_a_body_that_never_comes_does_not_undo_the_status(hook: Receiver) -> None:
    never = asyncio.Event()

    async def stuck(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=202)
        await response.prepare(request)
        await never.wait()
        return response

    hook.answers.append(stuck)
    assert await sent(WebhookTarget(uri=hook.uri()), timeout_s=0.3) == Outcome(http_status=202)
    never.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\x00\xff" * 100, b"hello\r\n\r\n", b"HTTP/1.1 \r\n\r\n", b"HTTP/1.1 1000 X\r\n\r\n",
        b"SSH-2.0-secret\r\n", b"HTTP/1.1 -1 X\r\n\r\n",
        b"HTTP/1.1 500 X\r\nContent-Length: -5\r\n\r\n", b"HTTP/1.1 500 X\r\nA: " + b"a" * 2**20 + b"\r\n\r\n",
        b"HTTP/1.1 500 X\r\n" + b"A: b\r\n" * 20_000 + b"\r\n", b"HTTP/1.1 500 " + b"X" * 2**20,
        b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\nnot-hex\r\n", b"HTTP/1.1 101 X\r\n\r\n",
        b"HTTP/1.1 500 X\r\nRetry-After: \xff\xfe\r\n\r\n", b"HTTP/1.1 500 X\r\nContent-Encoding: gzip\r\n\r\nxx",
        b"HTTP/1.1 500 X\r\nSet-Cookie: \xff=;;;\r\n\r\n",
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_http_is_a_failure_and_no_more(answer: bytes) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(BODY)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(reply, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await sent(WebhookTarget(uri=f"http://127.0.0.1:{port}/"))
    assert outcome.error in ("the answer is not HTTP, or broke off", "status 500", "status 101")


async def test_a_host_that_swallows_packets_is_given_up_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_CONNECT_S", 0.2)
    with socket.socket() as full, socket.socket() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting.connect(full.getsockname())  # all that the queue of a listener that accepts nobody takes
        outcome = await sent(WebhookTarget(uri=f"http://127.0.0.1:{full.getsockname()[1]}/"))
    assert outcome == Outcome(error="no connection within 0.2 s")


async def test_nobody_listening_is_a_failure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        outcome = await sent(WebhookTarget(uri=f"http://127.0.0.1:{taken.getsockname()[1]}/"))
    assert outcome == Outcome(error="no connection: Connection refused")


async def test_tls_with_somebody_who_has_none_is_a_failure(hook: Receiver) -> None:
    outcome = await sent(WebhookTarget(uri=hook.uri(scheme="https")))
    assert outcome.error.startswith("no connection: TLS: ")


async def test_a_name_without_an_address_is_a_failure(hook: Receiver) -> None:
    outcome = await sent(WebhookTarget(uri=hook.uri("none.invalid")))
    assert outcome == Outcome(error="no connection: the name cannot be resolved")


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("127.0.0.1", "is loopback"),
        ("localhost", "is loopback"),
        ("0x7f.1", "is loopback"),
        ("[::ffff:127.0.0.1]", "is loopback"),
        # These the HTTP client itself does not take.
        ("2130706433", "not a canonical"),
        ("127.1", "not a canonical"),
    ],
)
async def test_no_spelling_of_an_address_gets_past_the_guard(hook: Receiver, host: str, why: str) -> None:
    outcome = await sent(WebhookTarget(uri=hook.uri(host)), guard=Guard())
    assert why in outcome.error
    assert hook.got.empty()


async def test_a_name_is_resolved_once_and_connected_to_what_was_judged(hook: Receiver) -> None:
    """DNS rebinding: a public address for whoever checks, ours for whoever connects."""
    names = Names("192.0.2.1", "127.0.0.1")
    outcome = await sent(WebhookTarget(uri=hook.uri("rebind.example")), guard=Guard(), resolver=names, timeout_s=2.0)
    assert "documentation" in outcome.error
    assert names.asked == ["rebind.example"]
    outcome = await sent(WebhookTarget(uri=hook.uri("rebind.example")), guard=Guard(), resolver=names)
    assert "loopback" in outcome.error
    assert len(names.asked) == 2
    assert hook.got.empty()


async def test_host_and_tls_are_those_of_the_name_and_not_of_the_address() -> None:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("hooks.example").configure_cert(server)
    authority.configure_trust(client)
    asked: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with receiver(server) as hook:
        options: dict[str, Any] = {"resolver": Names("127.0.0.1"), "tls": client}
        outcome = await sent(WebhookTarget(uri=hook.uri("hooks.example", scheme="https")), **options)
        assert outcome == Outcome(http_status=204)
        assert hook.got.get_nowait().headers["Host"] == f"hooks.example:{hook.port}"
        assert asked == ["hooks.example"]
        other = await sent(WebhookTarget(uri=hook.uri("other.example", scheme="https")), **options)
        assert other.error.startswith("no connection: the certificate: Hostname mismatch")
        assert hook.got.empty()

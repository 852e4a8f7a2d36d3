"""POSTs an event to a webhook: signed by Standard Webhooks, over a connection that `addresses` has let out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from standardwebhooks import Webhook

from waypost.server.jobs.notify.addresses import AddressRefused, Guard
from waypost.server.jobs.notify.cloud_events import CONTENT_TYPE
from waypost.server.jobs.notify.retries import Outcome, retry_after_s
from waypost.server.jobs.notify.secrets import Secrets, SecretUnreadable
from waypost.server.jobs.spec import WebhookTarget

#: What is read of an answer's body before the connection is closed. Nothing in it matters, but some receivers stop
#: their work when whoever asked goes away before the end.
_READ_BYTES: Final = 65_536
_READ_S: Final = 2.0
_GONE: Final = 410
#: A host that swallows packets takes a place among the tries for no longer than this.
_CONNECT_S: Final = 5.0


class WebhookSender:
    """A client that keeps nothing between two requests: no connection, no cookie, no answer of a resolver.

    `resolver` and `tls` are the system's own by default. Use as an asynchronous context manager.
    """

    def __init__(
        self,
        secrets: Secrets,
        guard: Guard,
        *,
        timeout_s: float,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._secrets = secrets
        self._guard = guard
        self._timeout_s = timeout_s
        self._resolver = resolver
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> WebhookSender:
        connector = aiohttp.TCPConnector(
            # The last step before a connection, and the only one that knows where it really goes.
            socket_factory=self._guard.open_socket,
            resolver=self._resolver,
            use_dns_cache=False,
            force_close=True,
            limit=0,  # the sender bounds its tries
            ssl=self._tls or True,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=_CONNECT_S),
            headers={"User-Agent": "waypost", "Content-Type": CONTENT_TYPE},
            auto_decompress=False,
            trust_env=False,  # a proxy would connect to what the guard never sees
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, target: WebhookTarget, event_id: str, body: bytes, now_s: float) -> Outcome:
        """What came of one POST. `now_s` is the time that is signed, seconds since the epoch."""
        if self._session is None:
            raise RuntimeError("use the sender as a context manager")
        try:
            headers = self._signed(target, event_id, body, now_s)
            async with self._session.post(target.uri, data=body, headers=headers, allow_redirects=False) as answer:
                await _read_some(answer)
                return _outcome(answer, now_s)
        except SecretUnreadable as error:
            return Outcome(error=str(error))
        except aiohttp.ConnectionTimeoutError:
            return Outcome(error=f"no connection within {_CONNECT_S:g} s")
        except TimeoutError:
            return Outcome(error=f"no answer within {self._timeout_s:g} s")
        except aiohttp.ClientConnectorError as error:
            return Outcome(error=f"no connection: {_why(error)}")
        except (aiohttp.ClientResponseError, aiohttp.ServerDisconnectedError):
            # Their text repeats what came, and what another service says is not for callers to read.
            return Outcome(error="the answer is not HTTP, or broke off")
        except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: a URI that makes no sense to aiohttp
            return Outcome(error=f"no answer: {error}")

    def _signed(self, target: WebhookTarget, event_id: str, body: bytes, now_s: float) -> dict[str, str]:
        """The headers of Standard Webhooks; one signature for each secret, so that receivers can change theirs."""
        headers = {"webhook-id": event_id, "webhook-timestamp": str(int(now_s))}
        secrets = [self._secrets.open(each) for each in target.sealed_secrets]
        if target.secret_name:
            secrets += self._secrets.named(target.secret_name)
        if secrets:
            time, text = datetime.fromtimestamp(int(now_s), UTC), body.decode()
            headers["webhook-signature"] = " ".join(Webhook(each).sign(event_id, time, text) for each in secrets)
        return headers


def _why(error: aiohttp.ClientConnectorError) -> str:
    """Why there is no connection, without the address: what a name means in here is not for callers to read."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        return f"the certificate: {cause.verify_message}" if isinstance(cause, ssl.SSLCertVerificationError) else "TLS"
    if isinstance(error.os_error, AddressRefused):
        return str(error.os_error.strerror)
    if isinstance(error, aiohttp.ClientSSLError):
        return f"TLS: {error.strerror or 'broken off'}"
    return os.strerror(error.os_error.errno) if error.os_error.errno else "no address can be reached"


async def _read_some(answer: aiohttp.ClientResponse) -> None:
    """Reads the body as far as it is short and quick. What becomes of it does not change what the status said."""
    with contextlib.suppress(asyncio.IncompleteReadError, aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(_READ_S):
            await answer.content.readexactly(_READ_BYTES)


def _outcome(answer: aiohttp.ClientResponse, now_s: float) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Outcome(http_status=status)
    # Followed, a redirect would make another request of the one that was signed.
    why = ": redirects are not followed" if 300 <= status < 400 else ""
    retry = retry_after_s(answer.headers.get("Retry-After", ""), now_s)
    return Outcome(http_status=status, error=f"status {status}{why}", gone=status == _GONE, retry_after_s=retry)

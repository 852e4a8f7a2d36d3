"""What a caller names as a target, checked and made fit to be stored: before anything of a job is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from yarl import URL

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.jobs.notify.addresses import Guard
from waypost.server.jobs.notify.secrets import ALLOWED_SECRET, Secrets, is_signing_secret
from waypost.server.jobs.notify.settings import NotifySettings
from waypost.server.jobs.spec import NatsTarget, WebhookTarget

_LONGEST_URI: Final = 2_048
_MOST_SECRETS: Final = 3
_LONGEST_SUBJECT: Final = 255
#: Tokens between dots: printable ASCII without blanks, dots and wildcards.
_SUBJECT: Final = re.compile(r"[!-)+\-/-=?-~]+(\.[!-)+\-/-=?-~]+)*")


class Targets:
    """Makes targets. Raises InvalidArgument naming every wrong field, by its path within the target's message."""

    def __init__(self, settings: NotifySettings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets
        self._guard = Guard(settings.allowed_networks)

    def webhook(self, uri: str, *, secrets: Sequence[str] = (), secret_name: str = "") -> WebhookTarget:
        """A webhook whose secrets are sealed."""
        violations = self._uri_violations(uri)
        if secrets and not self._secrets.can_seal:
            allowed = "no secrets, since this server has no --notify-keys-file to keep them with; a secret_name"
            violations.append(FieldViolation("secrets", "…", allowed))
        if len(secrets) > _MOST_SECRETS:
            violations.append(FieldViolation("secrets", len(secrets), f"at most {_MOST_SECRETS}"))
        violations += [
            # Never the value: what is nearly right is nearly a secret.
            FieldViolation(f"secrets[{at}]", "…", ALLOWED_SECRET)
            for at, secret in enumerate(secrets)
            if not is_signing_secret(secret)
        ]
        if secrets and secret_name:
            violations.append(FieldViolation("secret_name", secret_name, "empty where there are secrets"))
        elif secret_name and secret_name not in self._secrets:
            violations.append(FieldViolation("secret_name", secret_name, "a name that the operator has set"))
        if violations:
            raise InvalidArgument(violations)
        return WebhookTarget(uri=uri, sealed_secrets=tuple(map(self._secrets.seal, secrets)), secret_name=secret_name)

    def nats(self, subject: str) -> NatsTarget:
        """A subject on the operator's NATS."""
        prefix = self._settings.nats_subject_prefix
        allowed = ""
        if not self._settings.nats_servers:
            allowed = "no subject, since this server has no --notify-nats-url"
        elif len(subject) > _LONGEST_SUBJECT or not _SUBJECT.fullmatch(subject):
            allowed = f"1 to {_LONGEST_SUBJECT} printable ASCII characters, tokens between dots without wildcards"
        elif not subject.startswith(prefix):
            allowed = f"what begins with {prefix!r}"
        elif subject.startswith(("$", "_")):
            # JetStream is itself ruled through subjects: a message to the right one deletes a stream.
            allowed = "no subject of NATS's own, which begin with $ and _"
        if allowed:
            raise InvalidArgument([FieldViolation("subject", subject, allowed)])
        return NatsTarget(subject=subject)

    def _uri_violations(self, uri: str) -> list[FieldViolation]:
        def wrong(allowed: str) -> list[FieldViolation]:
            return [FieldViolation("uri", uri, allowed)]

        form = f"https://host/path or http://host/path, at most {_LONGEST_URI} characters"
        try:
            url = URL(uri)
        except ValueError:
            return wrong(form)
        if len(uri) > _LONGEST_URI or url.scheme not in ("http", "https") or not url.host:
            return wrong(form)
        if url.user is not None or url.password is not None:
            # They would be stored, and shown in the log of deliveries.
            return wrong("an address without user and password; use a secret")
        refusal = self._guard.refusal_of_host(url.host)
        return wrong(f"no {refusal} address, unless the operator allowed its network") if refusal else []

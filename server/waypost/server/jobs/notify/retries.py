"""What follows a try to deliver: nothing more, or another one at a published time. Pure; see docs/notifications.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from waypost.server.jobs.model import DeliveryState

#: Seconds from each failed try to the next; after as many and one the delivery is given up. The example of the
#: Standard Webhooks specification ("Deliverability and reliability"): three days, so that a weekend is survived.
DEFAULT_DELAYS_S: Final = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
#: A try comes up to this share of its delay later, so that those that failed together do not come back together.
JITTER: Final = 0.1
#: A target may put the next try off, but not for ever.
LONGEST_RETRY_AFTER_S: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a try. No `error` = delivered; `gone` = the target wants no more; `http_status` 0 = none came."""

    http_status: int = 0
    error: str = ""
    gone: bool = False
    retry_after_s: float | None = None


def after(
    outcome: Outcome, *, tries: int, now_s: float, delays_s: Sequence[float], random: Callable[[], float]
) -> tuple[DeliveryState, float | None]:
    """The state of a delivery after try number `tries`, and when the next one is due where it is PENDING.

    `random` gives numbers from 0 to 1.
    """
    if not outcome.error:
        return DeliveryState.DELIVERED, None
    if outcome.gone or tries > len(delays_s):
        return DeliveryState.FAILED, None
    delay_s = max(delays_s[tries - 1], min(outcome.retry_after_s or 0.0, LONGEST_RETRY_AFTER_S))
    return DeliveryState.PENDING, now_s + delay_s * (1 + JITTER * random())


def retry_after_s(header: str, now_s: float) -> float | None:
    """The seconds that a Retry-After header asks for, a number or a date (RFC 9110, 10.2.3); None for anything else."""
    try:
        if header[:1].isdecimal():
            seconds = float(header)
        else:
            seconds = parsedate_to_datetime(header).replace(tzinfo=UTC).timestamp() - now_s  # always GMT
    except (ValueError, OverflowError):
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None

"""The failure policy: when to give up on a bad input."""

from __future__ import annotations

from waypost.server.jobs.coordinator.troubles import CannotGoOn
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.spec import FailureAction, FailurePolicy


class Policy:
    """Looks at the rows that were done beyond `accepted`: whoever resumes a job accepts what it did until then."""

    def __init__(self, policy: FailurePolicy, accepted: RowCounts) -> None:
        self._policy = policy
        self._accepted = accepted

    def check(self, rows: RowCounts) -> None:
        """Raises CannotGoOn where a share is passed by the rows done so far."""
        policy, accepted = self._policy, self._accepted
        done = rows.done - accepted.done
        if done < policy.min_rows:
            return
        bad = rows.invalid + rows.failed - accepted.invalid - accepted.failed
        unmatched = rows.unmatched - accepted.unmatched
        for name, found, share in (
            ("invalid or failed", bad, policy.max_invalid_failed_share),
            ("unmatched", unmatched, policy.max_unmatched_share),
        ):
            if share is not None and found > share * done:
                message = f"{found} of {done} rows are {name}; the policy allows {100 * share:g} %"
                raise CannotGoOn("FAILURE_POLICY", message, pauses=policy.action is FailureAction.PAUSE)

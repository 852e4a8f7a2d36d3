"""What the confidence of streets is fitted on, and what it is judged on."""

from __future__ import annotations

from tests.accuracy.street_cases import TaggedAddress, of_half, tagged_addresses
from tests.accuracy.street_town import town_batches
from tests.accuracy.world import Half


def _streets(addresses: list[TaggedAddress]) -> set[str]:
    return {address.street.casefold() for address in addresses}


def test_no_street_is_in_both_halves_and_each_is_in_one() -> None:
    addresses = tagged_addresses(town_batches("US", 3), "Springfield", "IL")
    fit, judge = (of_half(addresses, half) for half in (Half.FIT, Half.JUDGE))
    assert not _streets(fit) & _streets(judge)
    assert _streets(fit) | _streets(judge) == _streets(addresses)
    assert len(fit) + len(judge) == len(addresses)
    assert min(len(fit), len(judge)) > len(addresses) // 5

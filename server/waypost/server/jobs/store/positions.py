"""Where a list goes on, as text; transport makes opaque tokens of it, bound to the arguments of the list."""

from __future__ import annotations


def of_time_and_id(time_s: float, resource_id: str) -> str:
    """Behind the item of this time and id. `repr` gives every float back exactly."""
    return f"{time_s!r} {resource_id}"


def time_and_id(position: str) -> tuple[float, str]:
    """What `of_time_and_id` was given. Raises ValueError for any other text."""
    time_s, resource_id = position.split(" ", 1)
    return float(time_s), resource_id

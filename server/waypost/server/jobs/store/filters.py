"""Filters of lists as conditions on the table of jobs."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, not_, or_

from waypost.server.jobs.filter import All, Any, CreatedWhen, Filter, HasLabel, Not, StateIs
from waypost.server.jobs.store import schema


def condition(tree: Filter) -> ColumnElement[bool]:
    """What holds for the jobs that `tree` lets through."""
    match tree:
        case All(terms):
            return and_(*map(condition, terms))
        case Any(terms):
            return or_(*map(condition, terms))
        case Not(term):
            return not_(condition(term))
        case StateIs(state):
            return schema.jobs.c.state == state
        case HasLabel(key, value):
            labels = schema.job_labels.c
            found = exists().where(labels.job_id == schema.jobs.c.job_id, labels.key == key)
            return found if value is None else found.where(labels.value == value)
        case CreatedWhen():
            return _created(tree)


def _created(term: CreatedWhen) -> ColumnElement[bool]:
    time_s = schema.jobs.c.create_time_s
    return {
        "=": time_s == term.time_s,
        "<": time_s < term.time_s,
        "<=": time_s <= term.time_s,
        ">": time_s > term.time_s,
        ">=": time_s >= term.time_s,
    }[term.comparator]

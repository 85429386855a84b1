# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: what has to be done so that an object becomes what was asked for. Nothing here talks to the control plane."""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.demarc.cloud.plugins.module_utils._fields import (
    Field,
    Kind,
    beginning,
    change,
    equal,
    left_out,
    planned_id,
    without_nulls,
    writable,
)

Object = t.Dict[str, t.Any]

CREATE, UPDATE, DELETE, NONE = "create", "update", "delete", "none"

NOT_SHOWN = "(a secret, not shown)"


class Plan(t.NamedTuple):
    """What has to be done to an object."""

    verb: str
    body: dict[str, t.Any]  # of the request
    before: dict[str, t.Any]  # of what was given, as it is
    after: dict[str, t.Any]  # and as it will be
    outcome: Object | None  # the whole object as it will be


def plan_absent(kind: Kind, current: Object | None) -> Plan:
    """What has to be done so that the object is gone."""
    if current is None:
        return Plan(NONE, {}, {}, {}, None)
    hidden = ("volatile", "write_only", "shown_once")
    fields = [field for field in kind["fields"] if not any(field.get(trait) for trait in hidden) and not left_out(field, current)]
    shown = {field["name"]: current.get(field["name"]) for field in fields}
    if not kind.get("singleton"):
        return Plan(DELETE, {}, shown, {}, None)
    # It stays for as long as the object whose it is; what is deleted is all that was asked for.
    asked = [field for field in writable(kind) if field["name"] in shown and field["name"] not in kind["key"]]
    after = dict(shown, **{field["name"]: beginning(field) for field in asked})
    done = all(equal(field, shown[field["name"]], after[field["name"]]) for field in asked)
    return Plan(NONE if done else DELETE, {}, shown, after, None)


def untouched(kind: Kind, key: t.Mapping[str, t.Any]) -> Object:
    """A singleton as it is before anybody has asked for anything, with the key of the one that is given."""
    return {field["name"]: key[field["name"]] if field["name"] in kind["key"] else beginning(field) for field in kind["fields"]}


def plan_present(kind: Kind, given: dict[str, t.Any], current: Object | None, always: frozenset[str], problems: dict[str, str]) -> Plan:
    """What has to be done so that the object is as given; always names the secrets to send to an object that exists.

    What cannot be done goes to problems, by field.
    """
    for names in _groups(kind).values():
        rivals = [name for name in names if given.get(name) is not None]
        if len(rivals) > 1:
            problems[rivals[0]] = "cannot be set together with {0}".format(", ".join(rivals[1:]))
    if current is None:
        return _plan_create(kind, given, problems)
    patch: dict[str, t.Any] = {}
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    outcome = dict(current)
    for field in writable(kind):
        name = field["name"]
        if name not in given:
            continue
        if field.get("write_only"):
            if name in always:
                patch[name] = given[name]
                before[name], after[name] = NOT_SHOWN, None if given[name] is None else NOT_SHOWN[:-1] + ", sent again)"
            continue
        made = change(field, given[name], current.get(name))
        before[name] = current.get(name)
        after[name] = made.after if made else current.get(name)
        if not made:
            continue
        problem = _forbidden(kind, field, current.get(name), made.after)
        if problem:
            problems[name] = problem
        patch[name], outcome[name] = made.patch, made.after
    for name in _displaced(kind, given, current):
        patch[name], before[name], after[name], outcome[name] = None, current[name], None, None
    if not patch and current.get("state") == "failed" and not current.get("operation_id"):
        # An empty patch makes the server try again what it failed at.
        before["state"], after["state"] = "failed", "active"
        return Plan(UPDATE, {}, before, after, dict(outcome, state="active", state_reason=None))
    return Plan(UPDATE if patch else NONE, patch, before, after, outcome)


def _plan_create(kind: Kind, given: dict[str, t.Any], problems: dict[str, str]) -> Plan:
    body = without_nulls(given)
    for field in writable(kind):
        if field.get("required") and field["name"] not in body:
            problems[field["name"]] = "is required to create it"
    for group, names in _groups(kind).items():
        if not any(name in body for name in names):
            problems[names[0]] = "or another of {0} is required to create it".format(", ".join(names))
    secret = {field["name"] for field in kind["fields"] if field.get("write_only")}
    outcome: Object = {}
    for field in kind["fields"]:
        if field["name"] not in secret:
            made = change(field, body[field["name"]], None) if field["name"] in body else None
            outcome[field["name"]] = made.after if made else copy.deepcopy(body.get(field["name"], field.get("default")))
    outcome["id"] = planned_id(kind["name"])
    after = {name: NOT_SHOWN if name in secret else value for name, value in body.items()}
    return Plan(CREATE, body, {}, after, outcome)


def _groups(kind: Kind) -> dict[str, list[str]]:
    """The fields of which exactly one is set, by group."""
    groups: dict[str, list[str]] = {}
    for field in writable(kind):
        if field.get("one_of"):
            groups.setdefault(field["one_of"], []).append(field["name"])
    return groups


def _displaced(kind: Kind, given: dict[str, t.Any], current: Object) -> list[str]:
    """Fields that must give way because another one of their group is set now."""
    return [
        name
        for names in _groups(kind).values()
        if any(given.get(other) is not None for other in names)
        for name in names
        if name not in given and current.get(name) is not None
    ]


def _forbidden(kind: Kind, field: Field, current: t.Any, wanted: t.Any) -> str | None:
    """Why a field cannot be changed so, None if it can."""
    if field.get("immutable") or "update" not in kind["operations"]:
        return "cannot be changed: it is {0} and {1} is wanted; delete the object and create it again".format(_quoted(current), _quoted(wanted))
    if field.get("grow_only") and current is not None and (wanted is None or wanted < current):
        return "can only grow: it is {0} and {1} is wanted".format(_quoted(current), _quoted(wanted))
    return None


def _quoted(value: t.Any) -> str:
    return "empty" if value is None else str(value)

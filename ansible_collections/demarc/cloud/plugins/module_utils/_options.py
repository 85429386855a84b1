# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of every module, as Ansible's argument specs, made from the catalog."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.demarc.cloud.plugins.module_utils._fields import KINDS, SECRETS, Field, Kind, a, kind_of_id, read_fields, without_nulls, writable

Spec = t.Dict[str, t.Dict[str, t.Any]]

# The environment variable that is read for an option that is not given.
ENVIRONMENT = {
    "endpoint": "DEMARC_ENDPOINT",
    "token": "DEMARC_TOKEN",
    "token_file": "DEMARC_TOKEN_FILE",
    "ca_file": "DEMARC_CA_FILE",
}

_TYPES = {"string": "str", "integer": "int", "boolean": "bool", "object": "dict", "map": "dict", "set": "list", "list": "list"}


class Prepared(t.NamedTuple):
    """A task's arguments, read by the catalog before Ansible validates the rest of them."""

    params: dict[str, t.Any]  # for Ansible: without nulls, and without what is wrong
    given: dict[str, t.Any]  # the fields that were given, nulls included
    problems: dict[str, str]  # what is wrong, by option
    secrets: set[str]  # texts that must never be shown


def connection() -> Spec:
    """Options that every module has."""
    return {
        "endpoint": {"type": "str", "fallback": (env_fallback, [ENVIRONMENT["endpoint"]])},
        "token": {"type": "str", "no_log": True, "fallback": (env_fallback, [ENVIRONMENT["token"]])},
        "token_file": {"type": "path", "no_log": False, "fallback": (env_fallback, [ENVIRONMENT["token_file"]])},
        "ca_file": {"type": "path", "fallback": (env_fallback, [ENVIRONMENT["ca_file"]])},
        "timeout": {"type": "int", "default": 30},
        "retries": {"type": "int", "default": 5},
    }


def waiting() -> Spec:
    """Options of modules whose work can go on after the answer."""
    return {"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int", "default": 600}}


def of_object(kind: Kind) -> Spec:
    """Control options of the module that manages a kind."""
    spec: Spec = {"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}}
    if not kind.get("singleton"):
        spec["id"] = {"type": "str"}
    if kind["named"]:
        spec["previous_name"] = {"type": "str"}
    for field in resendable(kind):
        spec["update_" + field["name"]] = {"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False}
    return dict(spec, **waiting(), **connection())


def resendable(kind: Kind) -> list[Field]:
    """Secrets that can be set anew; whether they differ cannot be known, so the user says when to send them."""
    return [field for field in writable(kind) if field.get("write_only") and not field.get("immutable")]


def of_info(kind: Kind) -> Spec:
    """Control options of the module that reads a kind."""
    if kind.get("singleton"):
        return connection()
    spec: Spec = {"id": {"type": "str"}}
    if kind["named"]:
        spec["path"] = {"type": "str"}
        spec["label"] = {"type": "str"}
        spec["q"] = {"type": "str"}
    if orders(kind):
        spec["order_by"] = {"type": "str", "choices": orders(kind)}
    return dict(spec, **connection())


def orders(kind: Kind) -> list[str]:
    """The orders in which a list can be read."""
    return [sign + name for name in kind.get("orders") or [] for sign in ("", "-")]


def filters(kind: Kind) -> list[Field]:
    """What a kind's objects can be picked out by, as fields; none of them can be null."""
    standard = of_info(kind)
    by = [field for field in writable(kind) if field["name"] in kind["key"]] if kind.get("singleton") else kind.get("filters") or []
    return [dict(one, required=True) for one in by if one["name"] not in standard]


def of_action(kind: Kind) -> Spec:
    """Control options of the module that starts a kind's actions."""
    spec: Spec = {"action": {"type": "str", "required": True, "choices": [action["name"] for action in kind["actions"]]}}
    if kind["named"]:
        spec["id"] = {"type": "str"}
        spec["path"] = {"type": "str"}
    else:
        spec["id"] = {"type": "str", "required": True}
    return dict(spec, **waiting(), **connection())


def action_fields(kind: Kind) -> list[Field]:
    """The fields of all actions of a kind; which of them an action needs is the server's to say."""
    fields = {}
    for action in kind["actions"]:
        for field in action.get("fields") or []:
            fields[field["name"]] = {name: value for name, value in field.items() if name != "required"}
    return list(fields.values())


def of_api() -> Spec:
    """Options of the module that sends a request as it is."""
    spec: Spec = {
        "method": {"type": "str", "choices": ["GET", "POST", "PATCH", "DELETE"], "default": "GET"},
        "path": {"type": "str", "required": True},
        "query": {"type": "dict"},
        "body": {"type": "raw"},
        "revision": {"type": "int"},
        "all_pages": {"type": "bool", "default": False},
    }
    return dict(spec, **waiting(), **connection())


def with_fields(spec: Spec, fields: t.Iterable[Field]) -> Spec:
    """Adds the catalog's fields to a spec."""
    return dict(spec, **{field["name"]: option(field) for field in fields})


def option(field: Field) -> dict[str, t.Any]:
    """A field as an option. Nothing is required and nothing has a default, because what is not given is left alone."""
    made: dict[str, t.Any] = {"type": _TYPES[field["type"]], "no_log": bool(field.get("write_only"))}
    if field.get("enum") and not field.get("open_enum"):
        made["choices"] = list(field["enum"])
    if field.get("renamed_from"):
        made["aliases"] = [field["renamed_from"]]
    if field["type"] == "object":
        made["options"] = {sub["name"]: option(sub) for sub in field.get("fields") or [] if not sub.get("computed")}
    if field["type"] in ("set", "list"):
        items = option(field["items"])
        made["elements"] = items["type"]
        made.update({key: items[key] for key in ("choices", "options") if key in items})
    return made


def prepare(raw: t.Mapping[str, t.Any], control: Spec, fields: list[Field], own_kind: str | None = None) -> Prepared:
    """Reads a task's arguments as they were written, before Ansible makes null and absent the same."""
    problems: dict[str, str] = {}
    given = read_fields(fields, {name: value for name, value in raw.items() if name not in control}, "", problems)
    params = {name: value for name, value in raw.items() if name in control and value is not None}
    if own_kind and KINDS[own_kind]["prefix"] and isinstance(params.get("id"), str) and kind_of_id(params["id"]) != own_kind:
        problems["id"] = "must be the id of {0}".format(a(own_kind))
    params.update({name: without_nulls(value) for name, value in given.items() if value is not None})
    return Prepared(params, given, problems, secrets_in(raw))


def _texts(value: t.Any) -> t.Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def secrets_in(value: t.Any) -> set[str]:
    """The texts of all secret fields, anywhere in a value."""
    found: set[str] = set()
    if isinstance(value, t.Mapping):
        for key, inner in value.items():
            found.update(_texts(inner) if key in SECRETS else secrets_in(inner))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            found.update(secrets_in(inner))
    return found

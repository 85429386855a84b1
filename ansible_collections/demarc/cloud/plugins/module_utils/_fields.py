# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of the catalog: which values they take, and what has to be sent so that one becomes what was asked for.

A field is a dictionary as in the catalog. Values are JSON; "given" values are what the user wrote, where an absent key
leaves the field alone and None clears it.
"""

from __future__ import annotations

import copy
import datetime
import decimal
import json
import re
import typing as t

from ansible_collections.demarc.cloud.plugins.module_utils._catalog import CATALOG

Field = t.Dict[str, t.Any]
Kind = t.Dict[str, t.Any]

KINDS: dict[str, Kind] = {kind["name"]: kind for kind in CATALOG["kinds"]}
_PREFIXES: dict[str, str] = {kind["prefix"]: kind["name"] for kind in CATALOG["kinds"] if kind["prefix"]}
_ID = re.compile(r"^([a-z]+(?:_[a-z]+)*)_([0-9a-z]{26})$")

# The suffix of the id that a check run gives to an object which it would create.
_PLANNED = "0" * 26

# Stands for itself in a reference that may hold it: a scope that is no object.
PLATFORM = "platform"

_TRUE = frozenset(("y", "yes", "on", "1", "true", "t"))
_FALSE = frozenset(("n", "no", "off", "0", "false", "f"))


def _secret_names(fields: list[Field]) -> t.Iterator[str]:
    for field in fields:
        if field.get("write_only"):
            yield field["name"]
            if field.get("renamed_from"):
                yield field["renamed_from"]
        yield from _secret_names(field.get("fields") or [])
        if field.get("items"):
            yield from _secret_names([field["items"]])


# Names of the fields that hold a secret, of all kinds.
SECRETS = frozenset(name for kind in KINDS.values() for name in _secret_names(kind["fields"]))


class Wrong(ValueError):
    """A value that the field does not take; its text completes the sentence "memory_mib …"."""


def kind_of_id(text: str) -> str | None:
    """The kind whose id this is, None if it is no id."""
    match = _ID.match(text)
    return _PREFIXES.get(match.group(1)) if match else None


def planned_id(kind: str) -> str:
    """The id that stands for an object which a check run would create."""
    return "{0}_{1}".format(KINDS[kind]["prefix"], _PLANNED)


def is_planned(text: t.Any) -> bool:
    return isinstance(text, str) and text.endswith("_" + _PLANNED) and kind_of_id(text) is not None


def has_planned(value: t.Any) -> bool:
    """Whether there is such an id anywhere in a value."""
    if isinstance(value, dict):
        return any(is_planned(key) or has_planned(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(has_planned(inner) for inner in value)
    return is_planned(value)


def writable(kind: Kind) -> list[Field]:
    """The fields that a client may send."""
    return [field for field in kind["fields"] if not field.get("computed")]


def shown_once(kind: Kind) -> list[str]:
    """The names of the secrets that the server makes, and shows in the one answer to the request that made them."""
    return [field["name"] for field in kind["fields"] if field.get("shown_once")]


def beginning(field: Field) -> t.Any:
    """What a field is when nobody has ever set it."""
    if "default" in field or field.get("nullable"):
        return copy.deepcopy(field.get("default"))
    return {"map": {}, "set": [], "list": [], "integer": 0}.get(field["type"])


def clearable(field: Field) -> bool:
    """Whether null means something: no value, back to the default, or, of what others set too, what it is."""
    if field.get("required"):
        return False
    return bool(field.get("nullable") or field.get("server_default") or field.get("kept") or "default" in field)


def left_out(field: Field, found: t.Mapping[str, t.Any]) -> bool:
    """Whether an object, or an entry of it, was answered without the field because the token may not see it."""
    return bool(field.get("visible_to")) and field["name"] not in found


def permissions_missing(fields: list[Field], found: t.Mapping[str, t.Any]) -> set[str]:
    """The permissions that it would have taken to see what was left out of an object."""
    missing: set[str] = set()
    for field in fields:
        if left_out(field, found):
            missing.add(field["visible_to"])
        for entry in _entries(field, found.get(field["name"])).values():
            missing |= permissions_missing(_inner(field), entry)
    return missing


def named_without(fields: list[Field], given: t.Mapping[str, t.Any], missing: set[str], path: str, problems: dict[str, str]) -> None:
    """What is given for fields that take one of the permissions is a problem, whatever it is: whether it differs cannot be known."""
    for field in fields:
        if field["name"] not in given:
            continue
        where = "{0}.{1}".format(path, field["name"]) if path else field["name"]
        if field.get("visible_to") in missing:
            problems[where] = "is hidden from this token: only who has the permission {0} here sees and sets it".format(field["visible_to"])
            continue
        for key, entry in _entries(field, given[field["name"]]).items():
            named_without(_inner(field), entry, missing, "{0}.{1}".format(where, key) if field["type"] == "map" else where, problems)


def _inner(field: Field) -> list[Field]:
    """The fields of what is in a field: of the object itself, or of the entries of a map."""
    return field.get("fields") or (field.get("items") or {}).get("fields") or []


def _entries(field: Field, value: t.Any) -> dict[str, dict[str, t.Any]]:
    """The objects in a field, by their keys."""
    if not isinstance(value, dict):
        return {}
    entries = value if field["type"] == "map" else {field["name"]: value}
    return {key: entry for key, entry in entries.items() if isinstance(entry, dict)} if _inner(field) else {}


def title(kind: str) -> str:
    """The kind's name in a sentence."""
    return kind.replace("_", " ")


def a(kind: str) -> str:
    """The kind's name in a sentence, with its article."""
    return "{0} {1}".format("an" if kind[0] in "aeiou" else "a", title(kind))


def read(field: Field, value: t.Any, path: str, problems: dict[str, str]) -> t.Any:
    """Returns the value in the field's type, converted as Ansible does it; what is wrong goes to problems by path."""
    try:
        return _read(field, value, path, problems)
    except Wrong as err:
        problems[path] = str(err)
        return None


def _read(field: Field, value: t.Any, path: str, problems: dict[str, str]) -> t.Any:
    if isinstance(value, str) and value == "" and field["type"] == "string" and field.get("nullable"):
        value = None
    if value is None:
        if not clearable(field):
            raise Wrong("cannot be null")
        return None
    return _READERS[field["type"]](field, value, path, problems)


def _read_string(field: Field, value: t.Any, path: str, problems: dict[str, str]) -> str:
    if isinstance(value, (bool, list, dict)):
        raise Wrong("must be text: put it in quotes" if isinstance(value, bool) else "must be text")
    value = _time(value) if isinstance(value, datetime.datetime) else str(value)
    if field.get("ref"):
        _check_reference(field["ref"], value)
        return value
    if field.get("enum") and not field.get("open_enum") and value not in field["enum"]:
        raise Wrong("must be one of {0}".format(", ".join(field["enum"])))
    if len(value) < field.get("min_length", 0):
        raise Wrong("must have at least {0} characters".format(field["min_length"]))
    if "max_length" in field and len(value) > field["max_length"]:
        raise Wrong("must have at most {0} characters".format(field["max_length"]))
    if field.get("pattern") and not re.fullmatch(field["pattern"], value):
        raise Wrong("must match {0}".format(field["pattern"]))
    return value


def _time(value: datetime.datetime) -> str:
    """YAML reads a time that is not in quotes as a moment, which is in UTC if it names no zone."""
    moment = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
    return moment.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def _check_reference(kinds: list[str], value: str) -> None:
    """A reference is an id of the right kind, or a path of names, which have no underscore; or the platform."""
    found = kind_of_id(value)
    if found in kinds or (value == PLATFORM and PLATFORM in kinds):
        return
    allowed = "the id of " + any_of([a(kind) for kind in kinds if kind != PLATFORM])
    if PLATFORM in kinds:
        allowed = '"{0}", or {1}'.format(PLATFORM, allowed)
    if found:
        raise Wrong("must be {0}, not of {1}".format(allowed, a(found)))
    if not any(KINDS[kind]["named"] for kind in kinds if kind in KINDS):
        raise Wrong("must be {0}".format(allowed))
    if not re.match(r"^[a-z0-9-]+(/[a-z0-9-]+)*$", value):
        raise Wrong("must be {0}, or its name, or a path of names like acme/web".format(allowed))


def any_of(names: list[str]) -> str:
    """Alternatives in a sentence."""
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _read_integer(field: Field, value: t.Any, path: str, problems: dict[str, str]) -> int:
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = int(value)
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    elif isinstance(value, str) and re.match(r"^\s*[+-]?[0-9]+\s*$", value):
        number = int(value)
    if number is None:
        raise Wrong("must be a whole number")
    if "minimum" in field and number < field["minimum"]:
        raise Wrong("must be at least {0}".format(field["minimum"]))
    if "maximum" in field and number > field["maximum"]:
        raise Wrong("must be at most {0}".format(field["maximum"]))
    return number


def _read_boolean(field: Field, value: t.Any, path: str, problems: dict[str, str]) -> bool:
    text = str(value).lower() if isinstance(value, (bool, int, str)) else ""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Wrong("must be true or false")


def _read_object(field: Field, value: t.Any, path: str, problems: dict[str, str]) -> dict[str, t.Any]:
    return read_fields(field.get("fields") or [], _dictionary(value), path, problems)


def read_fields(fields: list[Field], given: t.Mapping[str, t.Any], path: str, problems: dict[str, str]) -> dict[str, t.Any]:
    """Reads what was given of some fields; keys that are none of them are problems."""
    known = {name: field for field in fields if not field.get("computed") for name in (field["name"], field.get("renamed_from")) if name}
    result = {}
    for name, value in given.items():
        where = "{0}.{1}".format(path, name) if path else str(name)
        if name in known:
            result[known[name]["name"]] = read(known[name], value, where, problems)
        else:
            problems[where] = "is not an option"
    return result


def _read_map(field: Field, value: t.Any, path: str, problems: dict[str, str]) -> dict[str, t.Any]:
    # A key with null is a key that is not wanted, whatever the values are.
    given = {str(key): inner for key, inner in _dictionary(value).items() if inner is not None}
    _check_count(field, given)
    for key in given if field.get("ref") else ():
        try:
            _check_reference(field["ref"], key)
        except Wrong as err:
            problems["{0}.{1}".format(path, key)] = str(err)
    return {key: read(field["items"], inner, "{0}.{1}".format(path, key), problems) for key, inner in given.items()}


def _read_list(field: Field, value: t.Any, path: str, problems: dict[str, str]) -> list[t.Any]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    if isinstance(value, (int, float)):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise Wrong("must be a list")
    items = [read(field["items"], item, "{0}.{1}".format(path, index), problems) for index, item in enumerate(value)]
    if field["type"] == "set":
        items = [item for index, item in enumerate(items) if item not in items[:index]]
    _check_count(field, items)
    return items


def _dictionary(value: t.Any) -> t.Mapping[str, t.Any]:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError as err:
            raise Wrong("must be a dictionary") from err
    if not isinstance(value, t.Mapping):
        raise Wrong("must be a dictionary")
    return value


def _check_count(field: Field, items: t.Sized) -> None:
    if "max_items" in field and len(items) > field["max_items"]:
        raise Wrong("must have at most {0} entries".format(field["max_items"]))


_READERS: dict[str, t.Callable[[Field, t.Any, str, dict[str, str]], t.Any]] = {
    "string": _read_string,
    "integer": _read_integer,
    "boolean": _read_boolean,
    "object": _read_object,
    "map": _read_map,
    "set": _read_list,
    "list": _read_list,
}


class Change(t.NamedTuple):
    """What becomes of one field."""

    patch: t.Any  # its value in a merge patch
    after: t.Any  # its value then


def change(field: Field, wanted: t.Any, current: t.Any, whole: bool = False) -> Change | None:
    """Compares what is wanted of a field with what it is; None if there is nothing to do.

    Of an object that is given whole, what is absent is cleared, not left alone.
    """
    if wanted is None and field.get("kept"):
        return None
    if wanted is None:
        target = copy.deepcopy(field.get("default"))
        return None if equal(field, target, current) else Change(None, target)
    if field["type"] == "object":
        return _change_object(field, wanted, current, whole)
    if field["type"] == "map":
        return _change_map(field, wanted, current or {})
    if equal(field, wanted, current):
        return None
    return Change(wanted, wanted)


def _change_object(field: Field, wanted: dict[str, t.Any], current: dict[str, t.Any] | None, whole: bool) -> Change | None:
    after = {sub["name"]: copy.deepcopy(sub.get("default")) for sub in field.get("fields") or []}
    if current is None:
        patch = without_nulls(wanted)
        after.update(patch)
        return Change(patch, after)
    patch = {}
    after.update(current)
    for sub in field.get("fields") or []:
        if left_out(sub, current) and sub["name"] not in wanted:
            del after[sub["name"]]  # it stays as it is, which is not to be known
            continue
        cleared = whole and clearable(sub) and not sub.get("computed") and not sub.get("server_default")
        if sub["name"] in wanted or cleared:
            made = change(sub, wanted.get(sub["name"]), after[sub["name"]], whole)
            if made:
                patch[sub["name"]] = made.patch
                after[sub["name"]] = made.after
    return Change(patch, after) if patch else None


def without_nulls(value: t.Any) -> t.Any:
    """The value as a new object has it: null means nothing there."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


def _change_map(field: Field, wanted: dict[str, t.Any], current: dict[str, t.Any]) -> Change | None:
    patch: dict[str, t.Any] = {key: None for key in current if key not in wanted}
    after = {}
    for key, value in wanted.items():
        made = change(field["items"], value, current.get(key), whole=True)
        if not made and key not in current:
            made = Change(value, value)
        after[key] = made.after if made else current[key]
        if made:
            patch[key] = made.patch
    return Change(patch, after) if patch else None


def equal(field: Field, one: t.Any, other: t.Any) -> bool:
    """Whether two values of the field mean the same."""
    if one is None or other is None:
        return one is other
    if field["type"] == "set":
        return _unordered(one) == _unordered(other)
    if field["type"] == "string" and field.get("format") == "decimal":
        try:
            return decimal.Decimal(one) == decimal.Decimal(other)
        except decimal.InvalidOperation:
            return one == other
    if field["type"] == "string" and field.get("format") == "date-time":
        return _instant(one) == _instant(other)
    return one == other


def _unordered(items: t.Iterable[t.Any]) -> list[str]:
    return sorted({json.dumps(item, sort_keys=True) for item in items})


def _instant(text: str) -> t.Any:
    """The moment that an RFC 3339 time names; the text itself if it names none."""
    match = re.match(r"^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?([Zz]|[+-]\d\d:\d\d)$", text)
    if not match:
        return text
    date, clock, fraction, zone = match.groups()
    zone = "+00:00" if zone in "Zz" else zone
    return datetime.datetime.fromisoformat("{0}T{1}.{2}{3}".format(date, clock, (fraction or "0").ljust(6, "0"), zone))

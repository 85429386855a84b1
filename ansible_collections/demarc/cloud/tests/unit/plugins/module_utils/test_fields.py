# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields: which values they take, and which patch makes one value of another."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.demarc.cloud.plugins.module_utils import _fields
from ansible_collections.demarc.cloud.plugins.module_utils._fields import Change

TEXT = {"name": "f", "type": "string", "nullable": True}
SLUG = {"name": "f", "type": "string", "required": True, "pattern": "^[a-z]+$", "max_length": 4, "min_length": 2}
NUMBER = {"name": "f", "type": "integer", "minimum": 1, "maximum": 9, "default": 5}
FLAG = {"name": "f", "type": "boolean", "default": False}
CHOICE = {"name": "f", "type": "string", "enum": ["one", "two"], "default": "one"}
OPEN = {"name": "f", "type": "string", "enum": ["one"], "open_enum": True}
REFERENCE = {"name": "f", "type": "string", "ref": ["cloudspace"], "pattern": "^cs_[0-9a-z]{26}$", "nullable": True}
UNNAMED = {"name": "f", "type": "string", "ref": ["operation"], "nullable": True}
LABELS = {"name": "f", "type": "map", "items": {"name": "value", "type": "string", "max_length": 3}, "max_items": 2, "default": {}}
MAILS = {"name": "f", "type": "set", "items": {"name": "item", "type": "string", "pattern": "^.+@.+$"}, "max_items": 3, "default": []}
STEPS = {"name": "f", "type": "list", "items": {"name": "item", "type": "integer"}, "nullable": True}
ADDRESS = {
    "name": "f",
    "type": "object",
    "nullable": True,
    "fields": [
        {"name": "city", "type": "string", "nullable": True},
        {"name": "country", "type": "string", "default": "BE", "pattern": "^[A-Z]{2}$"},
        {"name": "stored", "type": "string", "computed": True},
    ],
}
NICS = {"name": "f", "type": "map", "items": {"name": "nic", "type": "object", "fields": ADDRESS["fields"]}, "default": {}}
NETWORKS = {"name": "f", "type": "map", "items": {"name": "value", "type": "set", "items": {"name": "item", "type": "string"}}, "default": {}}
BY_SPACE = dict(LABELS, ref=["cloudspace"])
SCOPE = {"name": "f", "type": "string", "ref": ["platform", "customer", "cloudspace"], "nullable": True}
AMOUNT = {"name": "f", "type": "string", "format": "decimal"}
TIME = {"name": "f", "type": "string", "format": "date-time"}

CS = "cs_01jd2x7vq9f3t8m5k6a4hnw0ec"
VM = "vm_01jd2x7vq9f3t8m5k6a4hnw0ec"


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        (TEXT, "x", "x"),
        (TEXT, 12, "12"),
        (TEXT, 1.5, "1.5"),
        (TEXT, None, None),
        (TEXT, "", None),
        (SLUG, "abc", "abc"),
        (NUMBER, 3, 3),
        (NUMBER, "3", 3),
        (NUMBER, " 3 ", 3),
        (NUMBER, 3.0, 3),
        (NUMBER, None, None),
        (FLAG, True, True),
        (FLAG, "yes", True),
        (FLAG, "off", False),
        (FLAG, 0, False),
        (FLAG, None, None),
        (CHOICE, "two", "two"),
        (OPEN, "three", "three"),
        (REFERENCE, CS, CS),
        (REFERENCE, "acme/web", "acme/web"),
        (REFERENCE, "web", "web"),
        (REFERENCE, "", None),
        (SCOPE, "platform", "platform"),
        (SCOPE, CS, CS),
        (SCOPE, "acme/web", "acme/web"),
        (BY_SPACE, {CS: "1", "acme/web": "2"}, {CS: "1", "acme/web": "2"}),
        (TIME, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        (TIME, datetime.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05Z"),
        (TIME, datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.timezone(datetime.timedelta(hours=2))), "2026-01-02T01:04:05.000006Z"),
        (LABELS, {"a": "1", "b": 2}, {"a": "1", "b": "2"}),
        (LABELS, {"a": None, "b": "2", "c": None}, {"b": "2"}),
        (LABELS, '{"a": "1"}', {"a": "1"}),
        (LABELS, {}, {}),
        (MAILS, ["a@b", "c@d", "a@b"], ["a@b", "c@d"]),
        (MAILS, "a@b, c@d", ["a@b", "c@d"]),
        (MAILS, [], []),
        (STEPS, [1, "2", 1], [1, 2, 1]),
        (STEPS, 4, [4]),
        (ADDRESS, {"city": "Gent", "country": None}, {"city": "Gent", "country": None}),
        (NICS, {"eth0": {"city": "Gent"}}, {"eth0": {"city": "Gent"}}),
    ],
)
def test_values_are_read_as_ansible_converts_them(field: dict[str, t.Any], value: t.Any, wanted: t.Any) -> None:
    problems: dict[str, str] = {}
    got = _fields.read(field, value, "f", problems)
    assert (got, problems) == (wanted, {}) and type(got) is type(wanted)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (SLUG, None, {"f": "cannot be null"}),
        (SLUG, "a", {"f": "must have at least 2 characters"}),
        (SLUG, "abcde", {"f": "must have at most 4 characters"}),
        (SLUG, "ABC", {"f": "must match ^[a-z]+$"}),
        (SLUG, "abc\n", {"f": "must match ^[a-z]+$"}),
        (TEXT, True, {"f": "must be text: put it in quotes"}),
        (TEXT, ["x"], {"f": "must be text"}),
        (NUMBER, "three", {"f": "must be a whole number"}),
        (NUMBER, 1.5, {"f": "must be a whole number"}),
        (NUMBER, True, {"f": "must be a whole number"}),
        (NUMBER, 0, {"f": "must be at least 1"}),
        (NUMBER, 10, {"f": "must be at most 9"}),
        (FLAG, "maybe", {"f": "must be true or false"}),
        (FLAG, [], {"f": "must be true or false"}),
        (CHOICE, "three", {"f": "must be one of one, two"}),
        (REFERENCE, VM, {"f": "must be the id of a cloudspace, not of a virtual machine"}),
        (REFERENCE, "Acme Web", {"f": "must be the id of a cloudspace, or its name, or a path of names like acme/web"}),
        (REFERENCE, "cs_short", {"f": "must be the id of a cloudspace, or its name, or a path of names like acme/web"}),
        (UNNAMED, "web", {"f": "must be the id of an operation"}),
        (SCOPE, VM, {"f": 'must be "platform", or the id of a customer or a cloudspace, not of a virtual machine'}),
        (SCOPE, "The Web", {"f": 'must be "platform", or the id of a customer or a cloudspace, or its name, or a path of names like acme/web'}),
        (BY_SPACE, {VM: "1", "web": "2"}, {"f." + VM: "must be the id of a cloudspace, not of a virtual machine"}),
        (LABELS, ["a"], {"f": "must be a dictionary"}),
        (LABELS, "{broken", {"f": "must be a dictionary"}),
        (LABELS, {"a": "1", "b": "2", "c": "3"}, {"f": "must have at most 2 entries"}),
        (LABELS, {"a": "long", "b": True}, {"f.a": "must have at most 3 characters", "f.b": "must be text: put it in quotes"}),
        (MAILS, {"a": 1}, {"f": "must be a list"}),
        (MAILS, ["a@b", "nobody"], {"f.1": "must match ^.+@.+$"}),
        (ADDRESS, {"country": "Belgium", "planet": "Earth"}, {"f.country": "must match ^[A-Z]{2}$", "f.planet": "is not an option"}),
        (ADDRESS, {"stored": "x"}, {"f.stored": "is not an option"}),
        (NICS, {"eth0": {"country": 1}}, {"f.eth0.country": "must match ^[A-Z]{2}$"}),
    ],
)
def test_what_a_field_does_not_take_is_said_by_path(field: dict[str, t.Any], value: t.Any, problem: dict[str, str]) -> None:
    problems: dict[str, str] = {}
    _fields.read(field, value, "f", problems)
    assert problems == problem


GENT = {"city": "Gent", "country": "BE", "stored": "s"}


@pytest.mark.parametrize(
    ("field", "wanted", "current", "change"),
    [
        (TEXT, "a", "a", None),
        (TEXT, "a", "b", Change("a", "a")),
        (TEXT, "a", None, Change("a", "a")),
        (TEXT, None, "a", Change(None, None)),
        (TEXT, None, None, None),
        (NUMBER, None, 5, None),
        (NUMBER, None, 7, Change(None, 5)),
        (FLAG, False, False, None),
        (FLAG, None, True, Change(None, False)),
        (LABELS, {"a": "1"}, {"a": "1"}, None),
        (LABELS, {"a": "1"}, {"a": "2", "b": "3"}, Change({"b": None, "a": "1"}, {"a": "1"})),
        (LABELS, {}, {"a": "1"}, Change({"a": None}, {})),
        (LABELS, None, {"a": "1"}, Change(None, {})),
        (LABELS, {}, None, None),
        (MAILS, ["a@b", "c@d"], ["c@d", "a@b"], None),
        (MAILS, ["a@b"], ["c@d", "a@b"], Change(["a@b"], ["a@b"])),
        (MAILS, [], ["a@b"], Change([], [])),
        (STEPS, [1, 2], [2, 1], Change([1, 2], [1, 2])),
        (ADDRESS, {"city": "Gent"}, GENT, None),
        (ADDRESS, {"city": "Aalst"}, GENT, Change({"city": "Aalst"}, dict(GENT, city="Aalst"))),
        (ADDRESS, {"city": None, "country": None}, GENT, Change({"city": None}, dict(GENT, city=None))),
        (ADDRESS, {"country": "BE"}, None, Change({"country": "BE"}, {"city": None, "country": "BE", "stored": None})),
        (ADDRESS, {"city": None}, None, Change({}, {"city": None, "country": "BE", "stored": None})),
        (ADDRESS, None, GENT, Change(None, None)),
        (NICS, {"eth0": {"city": "Gent"}}, {"eth0": GENT}, None),
        (
            NICS,
            {"eth0": {}, "eth1": {"city": "Aalst"}},
            {"eth0": GENT, "eth1": {"city": "Aalst", "country": "FR", "stored": "s"}},
            Change(
                {"eth0": {"city": None}, "eth1": {"country": None}},
                {"eth0": dict(GENT, city=None), "eth1": {"city": "Aalst", "country": "BE", "stored": "s"}},
            ),
        ),
        (NETWORKS, {"a": []}, {}, Change({"a": []}, {"a": []})),
        (NETWORKS, {"a": ["y", "x"]}, {"a": ["x", "y"]}, None),
        (
            NICS,
            {"eth0": {"city": "Aalst"}, "eth1": {"country": "FR"}},
            {"eth0": GENT, "eth2": GENT},
            Change(
                {"eth2": None, "eth0": {"city": "Aalst"}, "eth1": {"country": "FR"}},
                {"eth0": dict(GENT, city="Aalst"), "eth1": {"city": None, "country": "FR", "stored": None}},
            ),
        ),
        (AMOUNT, "12.50", "12.5", None),
        (AMOUNT, "12.50", "12.51", Change("12.50", "12.50")),
        (TIME, "2026-01-02T03:04:05Z", "2026-01-02T04:04:05.000000+01:00", None),
        (TIME, "2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", Change("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z")),
    ],
)
def test_the_patch_has_only_what_differs(field: dict[str, t.Any], wanted: t.Any, current: t.Any, change: Change | None) -> None:
    assert _fields.change(field, wanted, current) == change


def test_ids_tell_their_kind() -> None:
    assert _fields.kind_of_id(CS) == "cloudspace"
    assert _fields.kind_of_id("acme/web") is None
    assert _fields.kind_of_id("xx_01jd2x7vq9f3t8m5k6a4hnw0ec") is None
    assert _fields.is_planned(_fields.planned_id("disk")) and not _fields.is_planned(CS)

# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that only some may see: some of the catalog's become such for these tests."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.demarc.cloud.plugins.module_utils._fields import KINDS
from ansible_collections.demarc.cloud.tests.unit.plugins.module_utils.conftest import Ansible

IMAGE = {"name": "mine", "os_type": "linux"}
WHOLE = dict(IMAGE, source_url="https://example.com/a", min_disk_gib=8)


def field(kind: str, *path: str) -> dict[str, t.Any]:
    fields = KINDS[kind]["fields"]
    found: dict[str, t.Any] = {}
    for name in path:
        found = next(one for one in fields if one["name"] == name)
        fields = found.get("fields") or (found.get("items") or {}).get("fields") or []
    return found


@pytest.fixture(name="images")
def _images(ansible: Ansible, monkeypatch: pytest.MonkeyPatch) -> Ansible:
    """An image with two fields that the token does not see, of which one has a default."""
    monkeypatch.setitem(field("image", "source_url"), "visible_to", "images.get_source")
    monkeypatch.setitem(field("image", "min_disk_gib"), "visible_to", "images.get_source")
    ansible.run("image", **WHOLE)
    ansible.server.store.hidden = {"images.get_source"}
    ansible.server.store.requests.clear()
    return ansible


def stored(ansible: Ansible) -> dict[str, t.Any]:
    return next(one for one in ansible.server.store.objects["image"].values() if one["name"] == "mine")


def test_what_is_hidden_and_not_given_is_no_difference(images: Ansible) -> None:
    found = images.run("image", **IMAGE)
    assert not found["changed"] and not images.predict("image", **IMAGE)["changed"]
    assert found["image"]["hidden_fields"] == ["/min_disk_gib", "/source_url"] and "source_url" not in found["image"]
    assert images.predict("image", notes="x", **IMAGE)["changed"]
    changed = images.run("image", notes="x", **IMAGE)
    assert changed["changed"] and changed["image"]["hidden_fields"] and images.server.sent("PATCH")[-1].body == {"notes": "x"}
    assert (stored(images)["source_url"], stored(images)["min_disk_gib"]) == ("https://example.com/a", 8)
    assert images.run("image_info", path="mine")["images"][0]["hidden_fields"] == ["/min_disk_gib", "/source_url"]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("given", [{"source_url": "https://example.com/a"}, {"source_url": None}, {"min_disk_gib": 8}, {"min_disk_gib": 9}])
def test_what_is_hidden_cannot_be_given(images: Ansible, given: dict[str, t.Any], check: bool) -> None:
    images.check = check
    failure = images.fails("image", **IMAGE, **given)
    assert failure.returned["field_errors"] == {
        name: "is hidden from this token: only who has the permission images.get_source here sees and sets it" for name in given
    }
    assert not images.server.sent(), "whether it differs is not asked for"


@pytest.mark.parametrize("check", [False, True])
def test_what_is_hidden_cannot_be_given_to_a_new_one(images: Ansible, check: bool) -> None:
    images.check = check
    failure = images.fails("image", **dict(WHOLE, name="other"))
    assert sorted(failure.returned["field_errors"]) == ["min_disk_gib", "source_url"] and "images.get_source" in failure.msg
    made = images.run("image", **dict(IMAGE, name="other"))
    assert made["changed"] and made["image"]["hidden_fields"] == ["/min_disk_gib", "/source_url"]


def test_what_is_deleted_is_not_shown(images: Ansible) -> None:
    gone = images.run("image", state="absent", name="mine")
    assert gone["changed"] and "source_url" not in gone["diff"]["before"]


def test_what_is_hidden_in_an_entry_of_a_map(ansible: Ansible, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = ansible.run("customer", name="acme", billing_entity_id="operator", email="ops@example.com")["customer"]["id"]
    roles = [ansible.run("role", name=name, owner_id="acme", permissions=["customers.get"])["role"]["id"] for name in ("auditor", "keeper")]
    ansible.run("policy", scope_id="acme", bindings={"auditor": {"members": ["user:u1"], "expiring_members": {"user:u3": "2031-01-01T00:00:00Z"}}})
    monkeypatch.setitem(field("policy", "bindings", "expiring_members"), "visible_to", "policies.get_ends")
    ansible.server.store.hidden = {"policies.get_ends"}
    same = ansible.run("policy", scope_id="acme", bindings={"auditor": {"members": ["user:u1"]}})
    assert not same["changed"] and same["policy"]["hidden_fields"] == ["/bindings/{0}/expiring_members".format(roles[0])]
    changed = ansible.run("policy", scope_id="acme", bindings={"auditor": {"members": ["user:u2"]}, "keeper": {"members": ["user:u2"]}})
    assert changed["changed"]
    kept = ansible.server.store.objects["policy"][customer]["bindings"][roles[0]]
    assert kept == {"members": ["user:u2"], "expiring_members": {"user:u3": "2031-01-01T00:00:00Z"}}
    assert "expiring_members" not in changed["diff"]["after"]["bindings"][roles[0]]
    failure = ansible.fails("policy", scope_id="acme", bindings={"auditor": {"members": []}, "keeper": {"expiring_members": {}}})
    assert list(failure.returned["field_errors"]) == ["bindings.{0}.expiring_members".format(roles[1])]

# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules do: plans, lookups, waiting, and what happens when others or the network are in the way."""

from __future__ import annotations

import email.utils
import pathlib
import time
import typing as t

import pytest

from ansible_collections.demarc.cloud.plugins.module_utils import _plan, _session
from ansible_collections.demarc.cloud.plugins.module_utils._catalog import COLLECTION_VERSION
from ansible_collections.demarc.cloud.plugins.module_utils._fields import KINDS, planned_id
from ansible_collections.demarc.cloud.tests.unit.plugins.module_utils.conftest import Ansible
from ansible_collections.demarc.cloud.tests.unit.plugins.module_utils.contract_server import TOKEN, ContractServer, Problem, Recorded

MACHINE = {"name": "vm1", "cloudspace_id": "acme/web", "image_id": "debian-12", "vcpus": 1, "memory_mib": 512}


@pytest.fixture(name="web")
def _web(ansible: Ansible) -> str:
    """The id of the cloudspace acme/web."""
    ansible.run("customer", name="acme", billing_entity_id="operator", email="ops@example.com")
    made = ansible.run("cloudspace", name="web", customer_id="acme", location_id="local")
    ansible.server.store.requests.clear()
    return made["cloudspace"]["id"]


# -- present --------------------------------------------------------------------------------------------------------------------


def test_present_creates_and_then_changes_nothing(ansible: Ansible, web: str) -> None:
    made = ansible.run("virtual_machine", **MACHINE)
    assert made["changed"] and made["virtual_machine"]["cloudspace_id"] == web and made["virtual_machine"]["state"] == "active"
    assert made["diff"]["before"] == {} and made["diff"]["after"]["memory_mib"] == 512
    ansible.server.store.requests.clear()
    again = ansible.run("virtual_machine", **MACHINE)
    assert not again["changed"] and again["virtual_machine"] == made["virtual_machine"]
    assert again["diff"]["before"] == again["diff"]["after"]
    assert not ansible.server.sent()


def test_only_what_differs_is_sent_with_the_revision(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", labels={"a": "1", "b": "2"}, **MACHINE)
    changed = ansible.run("virtual_machine", **dict(MACHINE, memory_mib=1024, labels={"b": "3"}))
    patch = ansible.server.sent("PATCH")[-1]
    assert patch.body == {"memory_mib": 1024, "labels": {"a": None, "b": "3"}}
    assert patch.headers["if-match"] == '"1"'
    assert changed["diff"]["before"]["memory_mib"] == 512 and changed["diff"]["after"]["labels"] == {"b": "3"}
    assert changed["virtual_machine"]["labels"] == {"b": "3"}


def test_what_is_not_given_is_left_and_null_clears(ansible: Ansible, web: str) -> None:
    full = dict(MACHINE, notes="A note.", power_state="stopped", labels={"a": "1"})
    ansible.run("virtual_machine", **full)
    assert not ansible.run("virtual_machine", **MACHINE)["changed"]
    cleared = ansible.run("virtual_machine", name="vm1", cloudspace_id=web, notes=None, power_state=None, labels=None)
    # Whether a machine runs others decide, too: null leaves what they have decided.
    assert ansible.server.sent("PATCH")[-1].body == {"notes": None, "labels": None}
    assert cleared["diff"]["after"]["power_state"] == "stopped"
    machine = cleared["virtual_machine"]
    assert (machine["notes"], machine["power_state"], machine["labels"]) == (None, "stopped", {})
    assert not ansible.run("virtual_machine", name="vm1", cloudspace_id=web, notes=None, power_state=None, labels=None)["changed"]


def test_nulls_are_not_sent_at_create(ansible: Ansible) -> None:
    ansible.run("billing_entity", name="north", parent_id="operator", currency="EUR", notes=None, address={"city": "Gent", "street": None})
    body = ansible.server.sent("POST")[-1].body
    assert "notes" not in body and body["address"] == {"city": "Gent"}


def test_a_new_name_by_id_or_by_the_previous_name(ansible: Ansible, web: str) -> None:
    made = ansible.run("virtual_machine", **MACHINE)["virtual_machine"]
    renamed = ansible.run("virtual_machine", id=made["id"], name="vm2")
    assert renamed["virtual_machine"]["name"] == "vm2" and ansible.server.sent("PATCH")[-1].body == {"name": "vm2"}
    arguments = dict(MACHINE, name="vm3", previous_name="vm2")
    assert ansible.run("virtual_machine", **arguments)["virtual_machine"]["id"] == made["id"]
    assert not ansible.run("virtual_machine", **arguments)["changed"]


def test_what_a_create_needs_is_said_all_at_once_before_anything_is_sent(ansible: Ansible, web: str) -> None:
    failure = ansible.fails("virtual_machine", name="vm1", cloudspace_id=web)
    assert failure.returned["field_errors"] == {name: "is required to create it" for name in ("image_id", "vcpus", "memory_mib")}
    assert failure.msg.startswith("cannot create virtual machine vm1: ") and not ansible.server.sent()
    failure = ansible.fails("virtual_machine", cloudspace_id=web)
    assert failure.returned["field_errors"] == {"name": "is required, unless id is given"}


def test_what_is_wrong_is_said_all_at_once_before_anything_is_sent(ansible: Ansible) -> None:
    failure = ansible.fails("virtual_machine", name="No Slug", vcpus=0, memory_mib="lots", power_state="paused", planet=1)
    assert set(failure.returned["field_errors"]) == {"name", "vcpus", "memory_mib", "power_state", "planet"}
    assert not ansible.server.store.requests


def test_what_only_the_server_knows_to_be_wrong_lands_on_the_options(ansible: Ansible) -> None:
    failure = ansible.fails("billing_entity", name="north", parent_id="operator", currency="EUR", time_zone="Mars/Olympus")
    assert failure.returned["field_errors"] == {"time_zone": "is not a time zone"}
    error = failure.returned["error"]
    assert (error["status"], error["code"], error["method"], error["path"]) == (422, "invalid", "POST", "/billing-entities")
    assert error["request_id"].startswith("req_")
    assert failure.msg == "cannot create billing entity north: 1 field is wrong: time_zone is not a time zone"


def test_what_cannot_be_changed_fails_before_anything_is_sent(ansible: Ansible, web: str) -> None:
    made = ansible.run("virtual_machine", **dict(MACHINE, boot_disk_size_gib=20))["virtual_machine"]
    other = ansible.run("image", name="other")["image"]["id"]
    ansible.server.store.requests.clear()
    failure = ansible.fails("virtual_machine", **dict(MACHINE, image_id="other", boot_disk_size_gib=10))
    assert failure.returned["field_errors"] == {
        "image_id": "cannot be changed: it is {0} and {1} is wanted; delete the object and create it again".format(made["image_id"], other),
        "boot_disk_size_gib": "can only grow: it is 20 and 10 is wanted",
    }
    assert not ansible.server.sent()
    assert ansible.fails("virtual_machine", **dict(MACHINE, boot_disk_size_gib=None)).returned["field_errors"]


def test_null_of_a_default_that_the_server_chooses_is_idempotent(ansible: Ansible, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = [dict(field, server_default=True, required=False) if field["name"] == "language" else field for field in KINDS["customer"]["fields"]]
    monkeypatch.setitem(KINDS, "customer", dict(KINDS["customer"], fields=fields))
    arguments = {"name": "acme", "billing_entity_id": "operator", "email": "ops@example.com"}
    ansible.run("customer", language="nl", **arguments)
    assert ansible.run("customer", language=None, **arguments)["customer"]["language"] == "en"
    assert not ansible.run("customer", language=None, **arguments)["changed"]


def test_secrets_are_sent_at_create_and_then_only_if_asked_for(ansible: Ansible, web: str) -> None:
    arguments = dict(MACHINE, user_data="#cloud-config s3cret")
    made = ansible.run("virtual_machine", **arguments)
    assert ansible.server.store.secrets[made["virtual_machine"]["id"]] == {"user_data": "#cloud-config s3cret"}
    assert not ansible.run("virtual_machine", **arguments)["changed"]
    again = ansible.run("virtual_machine", update_user_data="always", **arguments)
    assert again["changed"] and ansible.server.sent("PATCH")[-1].body == {"user_data": "#cloud-config s3cret"}
    assert "s3cret" not in repr((made, again))


def test_exactly_one_of_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    kind: dict[str, t.Any] = {
        "name": "virtual_machine",
        "operations": ["update"],
        "fields": [{"name": name, "type": "object", "nullable": True, "one_of": "boot", "fields": []} for name in ("disk", "network")],
    }
    problems: dict[str, str] = {}
    plan = _plan.plan_present(kind, {"network": {}}, {"disk": {}, "network": None}, frozenset(), problems)
    assert (plan.body, problems) == ({"network": {}, "disk": None}, {})
    _plan.plan_present(kind, {"network": {}, "disk": {}}, {"disk": {}, "network": None}, frozenset(), problems)
    assert problems == {"disk": "cannot be set together with network"}
    problems.clear()
    _plan.plan_present(kind, {}, None, frozenset(), problems)
    assert problems == {"disk": "or another of disk, network is required to create it"}


# -- references -----------------------------------------------------------------------------------------------------------------


def test_references_are_ids_or_paths_of_names(ansible: Ansible, web: str) -> None:
    for reference in (web, "web", "acme/web", "operator/acme/web"):
        assert ansible.run("virtual_machine", **dict(MACHINE, cloudspace_id=reference))["virtual_machine"]["cloudspace_id"] == web
    assert len(ansible.server.store.objects["virtual_machine"]) == 1


def test_a_reference_to_nothing_and_one_to_several_things_are_refused(ansible: Ansible, web: str) -> None:
    ansible.run("customer", name="globex", billing_entity_id="operator", email="ops@example.com")
    ansible.run("cloudspace", name="web", customer_id="globex", location_id="local")
    failure = ansible.fails("virtual_machine", **dict(MACHINE, cloudspace_id="web", image_id="minix"))
    errors = failure.returned["field_errors"]
    assert errors["image_id"] == 'names no image: there is no "minix"'
    assert errors["cloudspace_id"].startswith('"web" could be any of cs_') and "begins further up" in errors["cloudspace_id"]


def test_a_name_without_its_parent_must_be_the_only_one(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", **MACHINE)
    assert not ansible.run("virtual_machine", name="vm1", vcpus=1)["changed"]
    ansible.run("cloudspace", name="db", customer_id="acme", location_id="local")
    ansible.run("virtual_machine", **dict(MACHINE, cloudspace_id="acme/db"))
    failure = ansible.fails("virtual_machine", name="vm1", vcpus=1)
    assert failure.returned["field_errors"]["cloudspace_id"].startswith("is needed to decide between vm_")


def test_lookups_read_every_page(ansible: Ansible, web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_session, "PAGE_SIZE", 2)
    for number in range(5):
        ansible.run("image", name="image-{0}".format(number))
    found = ansible.run("image_info", q="")["images"]
    assert len(found) == 6 and len({one["id"] for one in found}) == 6


def test_a_list_that_never_ends_is_noticed(ansible: Ansible) -> None:
    for unused in range(2):
        ansible.server.on("GET", "/images", lambda request: (200, {}, {"items": [], "next_page_token": "again"}))
    assert "same page again" in ansible.fails("image_info").msg


def test_an_id_of_another_kind_and_one_of_nothing(ansible: Ansible, web: str) -> None:
    assert ansible.fails("virtual_machine", id=web).returned["field_errors"] == {"id": "must be the id of a virtual machine"}
    failure = ansible.fails("virtual_machine", id="vm_01jd2x7vq9f3t8m5k6a4hnw0ec", vcpus=2)
    assert failure.returned["field_errors"] == {"id": "names no virtual machine: there is no vm_01jd2x7vq9f3t8m5k6a4hnw0ec"}


# -- absent ---------------------------------------------------------------------------------------------------------------------


def test_absent_deletes_waits_and_then_changes_nothing(ansible: Ansible, web: str) -> None:
    made = ansible.run("virtual_machine", **MACHINE)["virtual_machine"]
    gone = ansible.run("virtual_machine", name="vm1", cloudspace_id="acme/web", state="absent")
    assert gone["changed"] and gone["virtual_machine"] is None and gone["diff"]["before"]["name"] == "vm1" and gone["diff"]["after"] == {}
    assert not ansible.server.store.objects["virtual_machine"]
    for arguments in ({"name": "vm1", "cloudspace_id": "acme/web"}, {"id": made["id"]}, {"name": "vm1", "cloudspace_id": "nowhere/at-all"}):
        again = ansible.run("virtual_machine", state="absent", **arguments)
        assert not again["changed"] and again["virtual_machine"] is None
    assert len(ansible.server.sent("DELETE")) == 1


def test_absent_ignores_what_does_not_say_which_object(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", **MACHINE)
    assert ansible.run("virtual_machine", state="absent", **dict(MACHINE, image_id="minix", memory_mib=4096))["changed"]


def test_absent_of_what_is_not_empty_names_what_is_in_it(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", **MACHINE)
    failure = ansible.fails("cloudspace", name="web", state="absent")
    assert failure.msg == "cannot delete cloudspace web: it is not empty: virtual machine vm1"
    assert failure.returned["error"]["children_total"] == 1


def test_a_delete_whose_answer_was_lost_is_a_delete(ansible: Ansible) -> None:
    def handle_and_hang_up(request: Recorded) -> t.Any:
        ansible.server.store.handle(request)
        return 0, {}, None

    ansible.run("image", name="one")
    ansible.server.on("DELETE", "/images/", handle_and_hang_up)
    assert ansible.run("image", name="one", state="absent")["changed"]


# -- check mode -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        MACHINE,
        dict(MACHINE, name="vm2"),
        dict(MACHINE, memory_mib=2048, labels={"a": "1"}),
        dict(MACHINE, notes=None),
        dict(MACHINE, user_data="x", update_user_data="always"),
        {"name": "vm1", "cloudspace_id": "acme/web", "state": "absent"},
        {"name": "vm9", "cloudspace_id": "acme/web", "state": "absent"},
    ],
)
def test_a_check_run_says_what_a_real_run_then_does(ansible: Ansible, web: str, arguments: dict[str, t.Any]) -> None:
    ansible.run("virtual_machine", **dict(MACHINE, notes="x"))
    predicted = ansible.predict("virtual_machine", **arguments)
    real = ansible.run("virtual_machine", **arguments)
    assert predicted["changed"] == real["changed"] and predicted["diff"] == real["diff"]
    unpredictable = {field["name"] for field in KINDS["virtual_machine"]["fields"] if field.get("computed")}
    for name in KINDS["virtual_machine"]["fields"] if real["virtual_machine"] else []:
        if name["name"] not in unpredictable and not name.get("write_only"):
            assert predicted["virtual_machine"][name["name"]] == real["virtual_machine"][name["name"]]


def test_a_check_run_of_a_whole_tree_takes_what_earlier_tasks_would_make(ansible: Ansible) -> None:
    customer = ansible.predict("customer", name="acme", billing_entity_id="operator", email="ops@example.com")["customer"]
    assert customer["id"] == planned_id("customer")
    space = ansible.predict("cloudspace", name="web", customer_id=customer["id"], location_id="local")["cloudspace"]
    assert space["customer_id"] == planned_id("customer")
    machine = ansible.predict("virtual_machine", **MACHINE)
    assert machine["changed"] and machine["virtual_machine"]["id"] == planned_id("virtual_machine")
    assert ansible.warnings == ['there is no cloudspace "acme/web" yet: taken as what an earlier task would make']
    assert ansible.predict("virtual_machine_info", cloudspace_id=space["id"])["virtual_machines"] == []
    assert ansible.predict("virtual_machine_action", id=machine["virtual_machine"]["id"], action="reboot")["changed"]
    assert not ansible.predict("virtual_machine", id=machine["virtual_machine"]["id"], state="absent")["changed"]


def test_a_check_run_fails_where_the_server_would_refuse(ansible: Ansible) -> None:
    with pytest.raises(_session.Failure) as caught:
        ansible.predict("billing_entity", name="north", parent_id="operator", currency="EUR", time_zone="Mars/Olympus")
    assert caught.value.returned["field_errors"] == {"time_zone": "is not a time zone"}


def test_a_check_run_with_a_token_that_may_only_read_warns(ansible: Ansible) -> None:
    def forbid(request: Recorded) -> t.Any:
        raise Problem(403, "forbidden", "images.create is missing")

    ansible.server.on("POST", "/images", forbid)
    assert ansible.predict("image", name="one")["changed"]
    assert ansible.warnings == ["cannot create image one: images.create is missing"]


def test_a_check_run_of_a_removal_warns_about_what_an_earlier_task_would_remove(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", **MACHINE)
    assert ansible.predict("cloudspace", name="web", state="absent")["changed"]
    assert ansible.warnings == ["cannot delete cloudspace web: it is not empty: virtual machine vm1"]


# -- others in the way ----------------------------------------------------------------------------------------------------------


def test_an_operation_in_progress_is_waited_for(ansible: Ansible, web: str) -> None:
    started = ansible.run("virtual_machine", wait=False, **MACHINE)
    assert started["operation_id"] and started["virtual_machine"]["state"] == "creating"
    changed = ansible.run("virtual_machine", wait=False, **dict(MACHINE, memory_mib=1024))
    assert changed["changed"] and changed["operation_id"] != started["operation_id"]
    assert [one.method for one in ansible.server.sent()] == ["POST", "PATCH", "PATCH"]
    assert ansible.run("virtual_machine", **dict(MACHINE, memory_mib=1024))["virtual_machine"]["state"] == "active"


def test_present_waits_for_what_runs_already(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", wait=False, **MACHINE)
    again = ansible.run("virtual_machine", **MACHINE)
    assert not again["changed"] and again["virtual_machine"]["state"] == "active"


def test_present_of_what_is_being_deleted_creates_it_afterwards(ansible: Ansible, web: str) -> None:
    first = ansible.run("virtual_machine", **MACHINE)["virtual_machine"]["id"]
    ansible.run("virtual_machine", name="vm1", cloudspace_id=web, state="absent", wait=False)
    again = ansible.run("virtual_machine", **MACHINE)
    assert again["changed"] and again["virtual_machine"]["id"] != first


def test_absent_of_what_is_being_deleted_waits(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", **MACHINE)
    assert ansible.run("virtual_machine", name="vm1", cloudspace_id=web, state="absent", wait=False)["operation_id"]
    assert not ansible.run("virtual_machine", name="vm1", cloudspace_id=web, state="absent")["changed"]
    assert not ansible.server.store.objects["virtual_machine"]


def meanwhile(server: ContractServer, kind: str, **changed: t.Any) -> t.Callable[[Recorded], None]:
    """Somebody else changes the only object of a kind just before a request is answered."""

    def act(request: Recorded) -> None:
        for one in server.store.objects[kind].values():
            one.update(changed)
            one["revision"] += 1

    return act


def test_a_change_of_other_fields_meanwhile_is_built_upon(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", **MACHINE)
    ansible.server.on("PATCH", "/virtual-machines/", meanwhile(ansible.server, "virtual_machine", notes="by someone"))
    changed = ansible.run("virtual_machine", **dict(MACHINE, memory_mib=1024))["virtual_machine"]
    assert (changed["memory_mib"], changed["notes"]) == (1024, "by someone")
    assert [one.headers["if-match"] for one in ansible.server.sent("PATCH")] == ['"1"', '"2"']


def test_a_change_of_the_same_field_meanwhile_is_not_overwritten(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", **MACHINE)
    ansible.server.on("PATCH", "/virtual-machines/", meanwhile(ansible.server, "virtual_machine", memory_mib=2048))
    failure = ansible.fails("virtual_machine", **dict(MACHINE, memory_mib=1024))
    assert failure.returned["field_errors"] == {"memory_mib": "was changed by someone else meanwhile"}


def test_somebody_elses_change_to_what_was_wanted_is_fine(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", **MACHINE)
    ansible.server.on("PATCH", "/virtual-machines/", meanwhile(ansible.server, "virtual_machine", memory_mib=1024))
    assert not ansible.run("virtual_machine", **dict(MACHINE, memory_mib=1024))["changed"]


def test_changes_without_end_are_given_up(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", **MACHINE)
    for number in range(9):
        ansible.server.on("PATCH", "/virtual-machines/", meanwhile(ansible.server, "virtual_machine", notes=str(number)))
    failure = ansible.fails("virtual_machine", **dict(MACHINE, memory_mib=1024))
    assert failure.returned["error"]["code"] == "revision_mismatch" and len(ansible.server.sent("PATCH")) == 5


def test_what_somebody_else_created_meanwhile_is_changed_instead(ansible: Ansible) -> None:
    def create_first(request: Recorded) -> None:
        ansible.server.store.create(KINDS["image"], {"name": "one", "notes": "by someone"}, False)

    ansible.server.on("POST", "/images", create_first)
    assert ansible.run("image", name="one", notes="ours")["image"]["notes"] == "ours"
    assert [one.method for one in ansible.server.sent()] == ["POST", "PATCH"]


def test_a_name_that_is_taken_by_what_cannot_be_seen_is_reported(ansible: Ansible) -> None:
    def taken(request: Recorded) -> t.Any:
        raise Problem(409, "name_taken", "the name one is taken")

    for unused in range(3):
        ansible.server.on("POST", "/images", taken)
    assert ansible.fails("image", name="one").msg == "cannot create image one: the name one is taken"
    assert len(ansible.server.sent("POST")) == 2


# -- operations -----------------------------------------------------------------------------------------------------------------


def test_a_failed_operation_fails_the_task_and_the_next_run_tries_again(ansible: Ansible, web: str) -> None:
    ansible.server.store.failing.add("virtual_machine")
    failure = ansible.fails("virtual_machine", **MACHINE)
    assert failure.msg.startswith("cannot create virtual machine vm1: operation op_") and failure.msg.endswith("failed: the host went away")
    assert failure.returned["error"]["code"] == "host_lost" and failure.returned["operation_id"].startswith("op_")
    assert failure.returned["virtual_machine"]["state"] == "failed"
    ansible.server.store.failing.clear()
    assert ansible.predict("virtual_machine", **MACHINE)["changed"]
    again = ansible.run("virtual_machine", **MACHINE)
    assert again["changed"] and again["virtual_machine"]["state"] == "active"
    assert ansible.server.sent("PATCH")[-1].body == {}
    assert not ansible.run("virtual_machine", **MACHINE)["changed"]


def test_what_failed_can_be_deleted(ansible: Ansible, web: str) -> None:
    ansible.server.store.failing.add("virtual_machine")
    ansible.fails("virtual_machine", **MACHINE)
    ansible.server.store.failing.clear()
    assert ansible.run("virtual_machine", name="vm1", cloudspace_id=web, state="absent")["changed"]


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_waiting_ends_with_what_was_being_done(ansible: Ansible, web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_session, "time", Clock())
    ansible.server.store.deaf = True
    failure = ansible.fails("virtual_machine", wait_timeout=2, **MACHINE)
    assert 'is still running at "thinking" after 2 seconds' in failure.msg
    assert failure.returned["operation_id"] in failure.msg
    waits = [one.query["wait"] for one in ansible.server.store.requests if "wait" in one.query]
    assert waits[0] == "2s" and 3 <= len(waits) <= 9, "a server that does not wait must not be flooded"


@pytest.mark.parametrize("asked", ["100", "later"])
def test_a_rate_limit_is_waited_for_within_the_time_of_the_task(ansible: Ansible, pauses: list[float], asked: str) -> None:
    def limit(request: Recorded) -> t.Any:
        problem = Problem(429, "rate_limited", "too many requests")
        problem.headers = {"Retry-After": asked if asked.isdigit() else email.utils.formatdate(time.time() + 100, usegmt=True)}
        raise problem

    ansible.server.on("GET", "/images", limit)
    assert ansible.run("image_info", retries=0)["images"]
    ansible.server.on("GET", "/images", limit)
    assert ansible.run("image", name="one", retries=0)["changed"]
    assert len(pauses) == 2 and all(95 < pause <= 100 for pause in pauses)
    ansible.server.on("GET", "/images", limit)
    failure = ansible.fails("image", name="one", wait_timeout=30)
    assert failure.msg == "cannot create or update image one: too many requests" and failure.returned["error"]["status"] == 429
    assert len(pauses) == 2


def test_an_operation_that_is_forgotten_does_not_matter(ansible: Ansible, web: str) -> None:
    def forget(request: Recorded) -> t.Any:
        ansible.server.store.handle(request)
        raise Problem(404, "not_found", "there is no such operation")

    ansible.server.on("GET", "/operations/", forget)
    assert ansible.run("virtual_machine", **MACHINE)["virtual_machine"]["state"] == "active"


# -- reading, actions, requests -------------------------------------------------------------------------------------------------


def test_info_reads_by_id_path_label_and_filter(ansible: Ansible, web: str) -> None:
    one = ansible.run("virtual_machine", labels={"env": "prod"}, **MACHINE)["virtual_machine"]
    two = ansible.run("virtual_machine", **dict(MACHINE, name="vm2", power_state="stopped"))["virtual_machine"]
    for arguments, wanted in (
        ({}, [one, two]),
        ({"id": two["id"]}, [two]),
        ({"id": "vm_01jd2x7vq9f3t8m5k6a4hnw0ec"}, []),
        ({"path": "acme/web/vm2"}, [two]),
        ({"label": "env=prod"}, [one]),
        ({"cloudspace_id": "acme/web", "power_state": "stopped"}, [two]),
        ({"power_state": ["stopped", "running"]}, [one, two]),
        ({"power_state": "running, stopped", "order_by": "-memory_mib"}, [two, one]),
        ({"memory_mib_min": one["memory_mib"] + 1}, []),
        ({"memory_mib_min": str(one["memory_mib"]), "memory_mib_max": one["memory_mib"]}, [one, two]),
        ({"created_at_until": "2000-01-01T00:00:00Z"}, []),
    ):
        result = ansible.run("virtual_machine_info", **arguments)
        assert result == {"changed": False, "virtual_machines": wanted}
    failure = ansible.fails("virtual_machine_info", cloudspace_id="nowhere")
    assert failure.returned["field_errors"] == {"cloudspace_id": 'names no cloudspace: there is no "nowhere"'}
    assert ansible.fails("virtual_machine_info", cloudspace_id=None).returned["field_errors"] == {"cloudspace_id": "cannot be null"}
    for arguments, problems in (
        ({"power_state": ["running", "asleep"]}, {"power_state.1": "must be one of running, stopped"}),
        ({"memory_mib_max": "much"}, {"memory_mib_max": "must be a whole number"}),
        ({"memory_mib": 1024}, {"memory_mib": "is not an option"}),
    ):
        assert ansible.fails("virtual_machine_info", **arguments).returned["field_errors"] == problems


def test_actions_wait_and_say_why_not(ansible: Ansible, web: str) -> None:
    ansible.run("virtual_machine", **MACHINE)
    arguments = {"path": "acme/web/vm1", "action": "reboot"}
    assert ansible.predict("virtual_machine_action", **arguments)["changed"]
    done = ansible.run("virtual_machine_action", **arguments)
    assert done["changed"] and done["virtual_machine"]["state"] == "active"
    started = ansible.run("virtual_machine_action", wait=False, **arguments)
    assert started["operation_id"] and ansible.run("virtual_machine_action", **arguments)["changed"], "it waits for what is in the way"
    ansible.run("virtual_machine", name="vm1", power_state="stopped")
    assert ansible.fails("virtual_machine_action", **arguments).msg == "cannot reboot virtual machine acme/web/vm1: the machine is not running"
    failure = ansible.fails("virtual_machine_action", path="acme/web/vm9", action="reboot")
    assert failure.returned["field_errors"] == {"path": 'names no virtual machine: there is no "acme/web/vm9"'}


def test_cancelling_an_operation_is_done_when_it_has_ended(ansible: Ansible, web: str) -> None:
    operation_id = ansible.run("virtual_machine", wait=False, **MACHINE)["operation_id"]
    cancelled = ansible.run("operation_action", id=operation_id, action="cancel")
    assert cancelled["changed"] and cancelled["operation"]["state"] == "cancelled"


def test_a_request_as_it_is(ansible: Ansible, web: str) -> None:
    read = ansible.run("api", path="/images", query={"path": "debian-12"})
    assert not read["changed"] and read["status"] == 200 and read["body"]["items"][0]["name"] == "debian-12"
    assert len(ansible.run("api", path="/api/v1/images", all_pages=True, query={"page_size": 1})["body"]["items"]) == 1
    one = ansible.run("api", path="/cloudspaces/" + web)
    assert one["revision"] == 1
    body = {"name": "db", "customer_id": one["body"]["customer_id"], "location_id": one["body"]["location_id"]}
    assert ansible.predict("api", method="POST", path="/cloudspaces", body=body)["changed"]
    made = ansible.run("api", method="POST", path="/cloudspaces", body=body)
    assert made["changed"] and made["status"] == 202
    assert ansible.server.store.objects["operation"][made["operation_id"]]["done"], "it was waited for"
    batch = ansible.predict("api", method="POST", path="/batch-get", body={"ids": [web]})
    assert not batch["changed"] and batch["body"]["items"][0]["kind"] == "cloudspace"
    assert ansible.fails("api", path="images?x=1").returned["field_errors"]["path"].startswith("must begin with /")
    assert ansible.fails("api", path="/nothing").msg == "cannot GET /nothing: there is nothing here"


# -- connection -----------------------------------------------------------------------------------------------------------------


def test_a_token_comes_from_a_file(ansible: Ansible, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    monkeypatch.setenv("DEMARC_TOKEN_FILE", str(file))
    assert ansible.run("image_info", token=None)["images"]
    monkeypatch.setenv("DEMARC_TOKEN", "another")
    assert ansible.fails("image_info", token=None).returned["error"]["status"] == 401
    assert ansible.run("image_info", token=None, token_file=str(file))["images"], "a file that is named wins over the environment"


def test_what_is_missing_to_connect_is_named(ansible: Ansible, tmp_path: pathlib.Path) -> None:
    assert "DEMARC_ENDPOINT" in ansible.fails("image_info", endpoint=None).msg
    assert "DEMARC_TOKEN_FILE" in ansible.fails("image_info", token=None).msg
    assert ansible.fails("image_info", token=None, token_file="/nowhere").msg == "token_file /nowhere cannot be read: No such file or directory"
    empty = tmp_path / "empty"
    empty.touch()
    assert ansible.fails("image_info", token=None, token_file=str(empty)).msg.endswith("is empty")
    assert "token or token_file" in ansible.fails("image_info", token="wrong").msg


def test_a_control_plane_out_of_reach_is_a_failure_with_its_name(ansible: Ansible) -> None:
    failure = ansible.fails("image", name="one", endpoint="http://127.0.0.1:1", retries=0)
    assert failure.msg.startswith("cannot create or update image one: http://127.0.0.1:1 cannot be reached: ")
    assert failure.returned["error"]["code"] == "unreachable"


@pytest.mark.parametrize(("version", "warned"), [("1.0", False), ("1.7", False), ("0.9", True), ("2.0", True)])
def test_another_contract_is_warned_about(ansible: Ansible, version: str, warned: bool) -> None:
    ansible.server.on("GET", "/images", lambda request: (200, {"Demarc-Catalog": version}, {"items": [], "next_page_token": None}))
    ansible.run("image_info")
    assert bool(ansible.warnings) == warned


def test_requests_name_the_version_of_the_collection(ansible: Ansible) -> None:
    ansible.run("image_info")
    assert ansible.server.store.requests[-1].headers["user-agent"].startswith("demarc.cloud/{0} ansible-core/2.19.0 python/3.".format(COLLECTION_VERSION))

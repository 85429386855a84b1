# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of other shapes: those with a key instead of a name, singletons, several parents, the platform, secrets that are shown once."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.demarc.cloud.plugins.module_utils import _engine, _options
from ansible_collections.demarc.cloud.plugins.module_utils._fields import KINDS, any_of, planned_id, title
from ansible_collections.demarc.cloud.tests.unit.plugins.module_utils import contract_server
from ansible_collections.demarc.cloud.tests.unit.plugins.module_utils.conftest import Ansible
from ansible_collections.demarc.cloud.tests.unit.plugins.module_utils.contract_server import Problem, Recorded

BINDING = {"principal_kind": "user", "principal_id": "u1", "role_id": "auditor", "scope_id": "acme"}
NEVER = "2031-01-01T00:00:00Z"
TOKEN = {"name": "ci", "service_account_id": "acme/builder"}


@pytest.fixture(name="acme")
def _acme(ansible: Ansible) -> str:
    """The id of a customer with a cloudspace, two roles of its own and a service account."""
    made = ansible.run("customer", name="acme", billing_entity_id="operator", email="ops@example.com")
    ansible.run("cloudspace", name="web", customer_id="acme", location_id="local")
    for name in ("auditor", "keeper"):
        ansible.run("role", name=name, owner_id="acme", permissions=["customers.get"])
    ansible.run("service_account", name="builder", owner_id="acme")
    ansible.server.store.requests.clear()
    return made["customer"]["id"]


def role(ansible: Ansible, name: str) -> str:
    return next(one["id"] for one in ansible.server.store.objects["role"].values() if one["name"] == name)


def named_kinds(kind: str, field: str) -> str:
    """What a name in a field may be of, in a sentence."""
    ref = next(one["ref"] for one in KINDS[kind]["fields"] if one["name"] == field)
    return any_of([title(name) for name in ref if name in KINDS and KINDS[name]["named"]])


# -- a key instead of a name ----------------------------------------------------------------------------------------------------


def test_what_has_no_name_is_found_by_all_of_its_key(ansible: Ansible, acme: str) -> None:
    checked = ansible.predict("role_binding", **BINDING)
    assert checked["changed"] and checked["role_binding"]["id"] == planned_id("role_binding")
    made = ansible.run("role_binding", **BINDING)
    binding = made["role_binding"]
    assert made["changed"] and (binding["scope_id"], binding["role_id"]) == (acme, role(ansible, "auditor"))
    assert made["diff"] == checked["diff"] and made["diff"]["after_header"] == "role binding user, u1, {0}, {1}".format(binding["role_id"], acme)
    assert ansible.run("role_binding", **BINDING) == dict(made, changed=False, diff=dict(made["diff"], before=made["diff"]["after"]))
    query = [one.query for one in ansible.server.store.requests if one.path == "/role-bindings"][-1]
    assert {name: query[name] for name in BINDING} == {name: binding[name] for name in BINDING}, "the list is filtered by the whole key"
    other = ansible.run("role_binding", **dict(BINDING, role_id="keeper"))
    assert other["changed"] and other["role_binding"]["id"] != binding["id"]


def test_what_has_no_name_is_changed_by_its_key_and_by_its_id(ansible: Ansible, acme: str) -> None:
    made = ansible.run("role_binding", **BINDING)["role_binding"]
    ansible.run("role_binding", expires_at=NEVER, **BINDING)
    assert ansible.server.sent("PATCH")[-1].body == {"expires_at": NEVER}
    moment = datetime.datetime(2031, 1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    assert not ansible.run("role_binding", id=made["id"], expires_at=moment)["changed"], "YAML makes a moment of a time without quotes"
    assert ansible.run("role_binding", id=made["id"], expires_at=None)["role_binding"]["expires_at"] is None
    failure = ansible.fails("role_binding", id=made["id"], principal_id="u2")
    assert failure.returned["field_errors"]["principal_id"].startswith("cannot be changed: it is u1 and u2 is wanted")


def test_a_key_is_needed_as_a_whole(ansible: Ansible, acme: str) -> None:
    failure = ansible.fails("role_binding", principal_id="u1", role_id="auditor")
    assert failure.returned["field_errors"] == dict.fromkeys(("principal_kind", "scope_id"), "is required, unless id is given")


def test_what_has_no_name_is_removed_by_its_key_and_by_its_id(ansible: Ansible, acme: str) -> None:
    for arguments in (BINDING, {"id": ansible.run("role_binding", **dict(BINDING, role_id="keeper"))["role_binding"]["id"]}):
        made = ansible.run("role_binding", **(BINDING if arguments is BINDING else dict(BINDING, role_id="keeper")))["role_binding"]
        assert ansible.predict("role_binding", state="absent", **arguments)["changed"]
        gone = ansible.run("role_binding", state="absent", **arguments)
        assert gone["changed"] and gone["role_binding"] is None and gone["diff"]["before"]["principal_id"] == made["principal_id"]
        assert not ansible.run("role_binding", state="absent", **arguments)["changed"]
    assert not ansible.run("role_binding", state="absent", **dict(BINDING, scope_id="nowhere"))["changed"], "nothing is bound where nothing is"


def test_what_somebody_else_bound_meanwhile_is_taken(ansible: Ansible, acme: str) -> None:
    def bind_first(request: Recorded) -> None:
        ansible.server.store.create(KINDS["role_binding"], request.body, False)

    ansible.server.on("POST", "/role-bindings", bind_first)
    assert not ansible.run("role_binding", **BINDING)["changed"]
    assert len(ansible.server.store.objects["role_binding"]) == 1


def test_a_kind_without_an_update(ansible: Ansible, acme: str) -> None:
    access = {"location_id": "local", "grantee_id": "acme"}
    made = ansible.run("location_access", **access)
    assert made["changed"] and made["location_access"]["grantee_id"] == acme
    assert not ansible.run("location_access", **access)["changed"]
    assert not ansible.run("location_access", id=made["location_access"]["id"])["changed"]
    assert ansible.run("location_access", state="absent", **access)["changed"]
    assert {one.method for one in ansible.server.sent()} == {"POST", "DELETE"}


def test_what_has_no_name_is_read_by_id_by_key_and_all_of_it(ansible: Ansible, acme: str) -> None:
    one = ansible.run("role_binding", **BINDING)["role_binding"]
    two = ansible.run("role_binding", **dict(BINDING, scope_id="platform"))["role_binding"]
    for arguments, wanted in (
        ({}, [one, two]),
        ({"id": two["id"]}, [two]),
        ({"scope_id": "platform"}, [two]),
        ({"principal_id": "u1", "scope_id": "acme"}, [one]),
        ({"principal_id": "u2"}, []),
        ({"order_by": "-expires_at"}, [two, one]),
    ):
        assert ansible.run("role_binding_info", **arguments) == {"changed": False, "role_bindings": wanted}


def test_ids_without_a_prefix_are_read_as_they_are(ansible: Ansible) -> None:
    known = (("disks", "get"), ("disks", "create"), ("images", "get"))
    listed = {".".join(one): {"id": ".".join(one), "kind": one[0], "verb": one[1]} for one in known}
    ansible.server.store.objects["permission"] = listed
    assert ansible.run("permission_info", id="disks.create")["permissions"] == [listed["disks.create"]]
    assert ansible.run("permission_info", id="disks/create?x")["permissions"] == []
    assert ansible.server.store.requests[-1].path == "/permissions/disks%2Fcreate%3Fx"
    assert len(ansible.run("permission_info", kind="disks")["permissions"]) == 2
    assert "order_by" not in _options.of_info(KINDS["permission"]), "what has no times cannot be ordered by them"


# -- references -----------------------------------------------------------------------------------------------------------------


def test_the_platform_stands_for_itself_where_it_may(ansible: Ansible, acme: str) -> None:
    assert ansible.run("role_binding", **dict(BINDING, scope_id="platform"))["role_binding"]["scope_id"] == "platform"
    assert not [one for one in ansible.server.store.requests if one.query.get("path") == "platform"], "it is no name"
    failure = ansible.fails("role", name="r", owner_id="platform", permissions=["a.get"])
    assert failure.returned["field_errors"] == {"owner_id": 'names no {0}: there is no "platform"'.format(named_kinds("role", "owner_id"))}
    failure = ansible.fails("role_binding", **dict(BINDING, scope_id=role(ansible, "auditor")))
    wrong = failure.returned["field_errors"]["scope_id"]
    assert wrong.startswith('must be "platform", or the id of a billing entity, ') and wrong.endswith(" or a virtual machine, not of a role")


def test_a_name_is_looked_for_in_every_kind_that_it_may_be_of(ansible: Ansible, acme: str) -> None:
    by_name = ansible.run("role_binding", **dict(BINDING, scope_id="acme/web"))["role_binding"]["scope_id"]
    assert by_name in ansible.server.store.objects["cloudspace"]
    assert ansible.run("role_binding", **dict(BINDING, scope_id="operator"))["role_binding"]["scope_id"].startswith("ben_")
    ansible.run("cloudspace", name="acme", customer_id="acme", location_id="local")
    failure = ansible.fails("role_binding", **BINDING)
    assert failure.returned["field_errors"]["scope_id"].startswith('"acme" could be any of c')
    failure = ansible.fails("role_binding", **dict(BINDING, scope_id="globex"))
    assert failure.returned["field_errors"] == {"scope_id": 'names no {0}: there is no "globex"'.format(named_kinds("role_binding", "scope_id"))}


def test_parents_of_several_kinds(ansible: Ansible, acme: str) -> None:
    own = ansible.run("role", name="auditor", owner_id="operator", permissions=["customers.list"])["role"]
    assert own["owner_id"].startswith("ben_") and own["id"] != role(ansible, "keeper")
    assert not ansible.run("role", name="auditor", owner_id="acme", permissions=["customers.get"])["changed"]
    assert ansible.run("role_info", path="acme/auditor")["roles"][0]["owner_id"] == acme
    failure = ansible.fails("role", name="auditor", permissions=["customers.get"])
    assert failure.returned["field_errors"]["owner_id"].startswith("is needed to decide between role_")
    assert ansible.run("role_binding", **dict(BINDING, role_id="acme/auditor"))["changed"]


# -- singletons -----------------------------------------------------------------------------------------------------------------


def test_a_policy_is_read_compared_and_changed_with_its_revision(ansible: Ansible, acme: str) -> None:
    wanted = {"auditor": {"members": ["user:u1", "user:u2"]}, "keeper": {"expiring_members": {"user:u3": NEVER}}}
    checked = ansible.predict("policy", scope_id="acme", bindings=wanted)
    made = ansible.run("policy", scope_id="acme", bindings=wanted)
    auditor, keeper = role(ansible, "auditor"), role(ansible, "keeper")
    bindings = {
        auditor: {"members": ["user:u1", "user:u2"], "expiring_members": {}},
        keeper: {"members": [], "expiring_members": {"user:u3": NEVER}},
    }
    assert made["changed"] and made["policy"] == {"scope_id": acme, "revision": 1, "bindings": bindings}
    assert made["diff"] == checked["diff"] and checked["policy"]["bindings"] == bindings
    assert made["diff"]["before"] == {"scope_id": acme, "bindings": {}} and made["diff"]["after"] == {"scope_id": acme, "bindings": bindings}
    assert [one.headers["if-match"] for one in ansible.server.sent("PATCH")] == ['"0"', '"0"'], "of the check run, and of the real one"
    again = ansible.run("policy", scope_id=acme, bindings={keeper: wanted["keeper"], "acme/auditor": {"members": ["user:u2", "user:u1"]}})
    assert not again["changed"] and len(ansible.server.sent()) == 2


def test_what_a_policy_is_given_is_all_of_it(ansible: Ansible, acme: str) -> None:
    both = {"members": ["user:u1"], "expiring_members": {"user:u3": NEVER}}
    ansible.run("policy", scope_id="acme", bindings={"auditor": both, "keeper": both})
    changed = ansible.run("policy", scope_id="acme", bindings={"auditor": {"members": ["user:u1"]}})["policy"]["bindings"]
    auditor, keeper = role(ansible, "auditor"), role(ansible, "keeper")
    assert ansible.server.sent("PATCH")[-1].body == {"bindings": {keeper: None, auditor: {"expiring_members": None}}}
    assert changed == {auditor: {"members": ["user:u1"], "expiring_members": {}}}
    assert not ansible.run("policy", scope_id="acme")["changed"], "what is not given is left alone"
    assert ansible.run("policy", scope_id="acme", bindings={})["policy"]["bindings"] == {}
    assert not ansible.run("policy", scope_id="acme", bindings=None)["changed"]


def test_a_policy_that_is_absent_has_no_bindings(ansible: Ansible, acme: str) -> None:
    ansible.run("policy", scope_id="acme", bindings={"auditor": {"members": ["user:u1"]}})
    checked = ansible.predict("policy", scope_id="acme", state="absent")
    gone = ansible.run("policy", scope_id="acme", state="absent")
    assert checked["changed"] and gone["changed"] and gone["policy"] is None and gone["diff"] == checked["diff"]
    assert gone["diff"]["after"] == {"scope_id": acme, "bindings": {}} and list(gone["diff"]["before"]["bindings"]) == [role(ansible, "auditor")]
    assert [one.headers["if-match"] for one in ansible.server.sent("DELETE")] == ['"1"', '"1"']
    again = ansible.run("policy", scope_id="acme", state="absent")
    assert not again["changed"] and again["diff"]["before"] == again["diff"]["after"]
    assert not ansible.run("policy", scope_id="platform", state="absent")["changed"]
    assert not ansible.run("policy", scope_id="nowhere", state="absent")["changed"]
    assert len(ansible.server.sent("DELETE")) == 2


def test_somebody_elses_change_of_a_policy_is_not_overwritten(ansible: Ansible, acme: str) -> None:
    def meanwhile(request: Recorded) -> None:
        store = ansible.server.store
        store.objects["policy"][acme] = {"scope_id": acme, "revision": 4, "bindings": {role(ansible, "keeper"): {"members": ["user:u9"]}}}

    ansible.server.on("PATCH", "/policies/", meanwhile)
    failure = ansible.fails("policy", scope_id="acme", bindings={"auditor": {"members": ["user:u1"]}})
    assert failure.returned["field_errors"] == {"bindings": "was changed by someone else meanwhile"}


def test_a_policy_of_what_an_earlier_task_would_make(ansible: Ansible, acme: str) -> None:
    scope = planned_id("customer")
    wanted = {"auditor": {"members": ["user:u1"]}, "newcomer": {"members": ["user:u2"]}}
    checked = ansible.predict("policy", scope_id=scope, bindings=wanted)
    assert checked["changed"] and checked["policy"]["scope_id"] == scope
    assert set(checked["policy"]["bindings"]) == {role(ansible, "auditor"), planned_id("role")}
    assert not ansible.predict("policy", scope_id=scope, state="absent")["changed"]
    assert ansible.predict("policy_info", scope_id=scope)["policies"] == []
    assert ansible.predict("policy", scope_id="acme", bindings=wanted)["changed"], "a role that is not there yet cannot be asked about"
    assert not ansible.server.sent()


def test_what_is_wrong_with_a_policy_is_said_by_path(ansible: Ansible, acme: str) -> None:
    failure = ansible.fails("policy", bindings={"No Role": {"members": ["nobody"], "planet": 1}, acme: {}})
    assert failure.returned["field_errors"] == {
        "bindings.No Role": "must be the id of a role, or its name, or a path of names like acme/web",
        "bindings.No Role.members.0": "must match ^(user|group|service_account|platform_owner):.+$",
        "bindings.No Role.planet": "is not an option",
        "bindings." + acme: "must be the id of a role, not of a customer",
    }
    assert ansible.fails("policy", bindings={}).returned["field_errors"] == {"scope_id": "is required"}
    failure = ansible.fails("policy", scope_id="acme", bindings={"auditor": {}, role(ansible, "auditor"): {}, "nothing": {}})
    assert failure.returned["field_errors"] == {
        "bindings." + role(ansible, "auditor"): "means the same as another key: " + role(ansible, "auditor"),
        "bindings.nothing": 'names no role: there is no "nothing"',
    }
    failure = ansible.fails("policy", scope_id="cus_01jd2x7vq9f3t8m5k6a4hnw0ec")
    assert failure.returned["field_errors"] == {"scope_id": "names nothing: there is no cus_01jd2x7vq9f3t8m5k6a4hnw0ec"}
    assert ansible.fails("policy", id=acme).returned["field_errors"] == {"id": "is not an option"}


def test_a_policy_is_read_by_its_scope(ansible: Ansible, acme: str) -> None:
    ansible.run("policy", scope_id="acme", bindings={"auditor": {"members": ["user:u1"]}})
    assert ansible.run("policy_info", scope_id="acme")["policies"][0]["scope_id"] == acme
    assert ansible.run("policy_info", scope_id="platform")["policies"] == [{"scope_id": "platform", "revision": 0, "bindings": {}}]
    assert ansible.run("policy_info", scope_id="cus_01jd2x7vq9f3t8m5k6a4hnw0ec")["policies"] == []
    assert ansible.fails("policy_info").returned["field_errors"] == {"scope_id": "is required"}


def test_a_request_as_it_is_can_name_the_revision(ansible: Ansible, acme: str) -> None:
    path = "/policies/" + acme
    bindings = {role(ansible, "auditor"): {"members": ["user:u1"]}}
    assert ansible.fails("api", method="PATCH", path=path, body={"bindings": bindings}).returned["error"]["status"] == 428
    read = ansible.run("api", path=path)
    assert ansible.run("api", method="PATCH", path=path, body={"bindings": bindings}, revision=read["revision"])["revision"] == 1


# -- secrets that are shown once ------------------------------------------------------------------------------------------------


def test_a_secret_that_is_shown_once_is_in_the_result_of_the_task_that_made_it(ansible: Ansible, acme: str) -> None:
    checked = ansible.predict("api_token", scope_id="acme", **TOKEN)
    assert checked["changed"] and checked["api_token"]["token"] is None
    made = ansible.run("api_token", scope_id="acme", **TOKEN)
    (secret,) = ansible.server.store.minted
    assert made["changed"] and made["api_token"]["token"] == secret
    assert secret not in repr(made["diff"]) and "token" not in made["diff"]["after"]
    again = ansible.run("api_token", scope_id="acme", **TOKEN)
    assert not again["changed"] and again["api_token"] == dict(made["api_token"], token=None)
    assert ansible.run("api_token", name="ci-2", previous_name="ci", service_account_id="builder")["api_token"]["token"] is None
    gone = ansible.run("api_token", name="ci-2", state="absent")
    assert gone["changed"] and "token" not in gone["diff"]["before"]


def test_a_secret_is_not_lost_to_an_operation_that_goes_on(ansible: Ansible, acme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract_server, "ASYNC", contract_server.ASYNC | {"api_token"})
    made = ansible.run("api_token", **TOKEN)["api_token"]
    assert (made["token"], made["state"]) == (ansible.server.store.minted[0], "active")
    rotated = ansible.run("api_token_action", id=made["id"], action="rotate")["api_token"]
    assert (rotated["token"], rotated["state"]) == (ansible.server.store.minted[1], "active")


def test_a_dry_run_that_shows_a_secret_is_not_believed(ansible: Ansible, acme: str) -> None:
    def tell(request: Recorded) -> t.Any:
        status, headers, body = ansible.server.store.handle(request)
        return status, headers, dict(body, token="dmc_what-is-not-kept")

    ansible.server.on("POST", "/api-tokens", tell)
    assert ansible.predict("api_token", **TOKEN)["api_token"]["token"] is None
    made = ansible.run("api_token", **TOKEN)["api_token"]
    ansible.server.on("POST", "/api-tokens/", tell)
    assert ansible.predict("api_token_action", id=made["id"], action="rotate")["api_token"]["token"] is None


def test_rotating_answers_the_new_secret(ansible: Ansible, acme: str) -> None:
    made = ansible.run("api_token", **TOKEN)["api_token"]
    rotate = {"path": "acme/builder/ci", "action": "rotate", "overlap_seconds": 60, "expires_at": None}
    checked = ansible.predict("api_token_action", **rotate)
    assert checked["changed"] and checked["api_token"] == dict(made, token=None)
    rotated = ansible.run("api_token_action", **rotate)
    assert rotated["changed"] and rotated["api_token"]["token"] == ansible.server.store.minted[-1] != made["token"]
    assert ansible.server.sent("POST")[-1].body == {"overlap_seconds": 60, "expires_at": None}
    failure = ansible.fails("api_token_action", **dict(rotate, overlap_seconds=-1, force=True))
    assert failure.returned["field_errors"] == {"overlap_seconds": "must be at least 0", "force": "is not an option"}


def test_an_action_that_needs_the_revision_gets_it(ansible: Ansible, acme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (rotate,) = KINDS["api_token"]["actions"]
    monkeypatch.setitem(rotate, "requires_if_match", True)
    made = ansible.run("api_token", **TOKEN)["api_token"]
    ansible.predict("api_token_action", id=made["id"], action="rotate")
    ansible.run("api_token_action", id=made["id"], action="rotate")
    assert [one.headers.get("if-match") for one in ansible.server.sent("POST")] == [None, '"1"', '"1"']


def test_a_change_that_somebody_else_overtakes_in_a_check_run_is_a_warning(ansible: Ansible, acme: str) -> None:
    def overtaken(request: Recorded) -> t.Any:
        raise Problem(412, "revision_mismatch", "the revision is 9")

    ansible.server.on("PATCH", "/policies/", overtaken)
    assert ansible.predict("policy", scope_id="acme", bindings={"auditor": {"members": ["user:u1"]}})["changed"]
    assert ansible.warnings == ["cannot update policy {0}: the revision is 9".format(acme)]


def test_a_kind_that_cannot_be_updated_has_nothing_to_change(monkeypatch: pytest.MonkeyPatch, ansible: Ansible, acme: str) -> None:
    kind = KINDS["location_access"]
    monkeypatch.setitem(KINDS, "location_access", dict(kind, fields=kind["fields"] + [{"name": "reason", "type": "string", "nullable": True}]))
    access = {"location_id": "local", "grantee_id": "acme"}
    ansible.run("location_access", reason="a", **access)
    failure = ansible.fails("location_access", reason="b", **access)
    assert failure.returned["field_errors"]["reason"].startswith("cannot be changed: it is a and b is wanted")


def test_every_module_of_these_kinds_has_its_options() -> None:
    assert {"scope_id", "bindings", "state"} < set(_engine.task("policy").spec()["argument_spec"])
    assert "id" not in _engine.task("policy").spec()["argument_spec"]
    assert set(_engine.task("policy_info").spec()["argument_spec"]) == set(_options.connection()) | {"scope_id"}
    assert {"overlap_seconds", "expires_at", "path"} < set(_engine.task("api_token_action").spec()["argument_spec"])
    assert set(_engine.task("api_token").spec()["argument_spec"]) & {"token", "last_used_at"} == {"token"}, "the option to connect by, no field"

# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules do, without Ansible's module class, so that a module and the action plugin can both run it.

The module that manages a kind makes a plan (create, update, delete or nothing) from what was given and what there is. A check
run answers the plan, a diff shows it, and a real run carries it out: nothing is decided anywhere else.
"""

from __future__ import annotations

import typing as t

from ansible_collections.demarc.cloud.plugins.module_utils import _options
from ansible_collections.demarc.cloud.plugins.module_utils._catalog import CATALOG
from ansible_collections.demarc.cloud.plugins.module_utils._client import Answer, ApiError, Unreachable
from ansible_collections.demarc.cloud.plugins.module_utils._fields import (
    KINDS,
    Field,
    Kind,
    clearable,
    has_planned,
    is_planned,
    named_without,
    permissions_missing,
    planned_id,
    shown_once,
    title,
    writable,
)
from ansible_collections.demarc.cloud.plugins.module_utils._plan import CREATE, DELETE, NONE, UPDATE, Plan, plan_absent, plan_present, untouched
from ansible_collections.demarc.cloud.plugins.module_utils._session import Failure, Object, Run, Session, failure, refused

# How often a write is planned anew because somebody else was faster.
TRIES = 5


class Task:
    """What one module does. The spec is Ansible's; fields are the catalog's part of it."""

    def __init__(self, control: _options.Spec, fields: list[Field], own_kind: str | None = None) -> None:
        self.control = control
        self.fields = fields
        self.own_kind = own_kind

    def spec(self) -> dict[str, t.Any]:
        """The argument spec and its relations, as keyword arguments of AnsibleModule."""
        return {"argument_spec": _options.with_fields(self.control, self.fields)}

    def prepare(self, raw: t.Mapping[str, t.Any]) -> _options.Prepared:
        return _options.prepare(raw, self.control, self.fields, self.own_kind)

    def doing(self, params: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> str:
        """What the task is about to do, after "cannot"."""
        raise NotImplementedError

    def run(self, run: Run) -> dict[str, t.Any]:
        """Does it, and returns the module's result. Raises Failure."""
        doing = self.doing(run.params, run.given)
        session = Session(run)
        try:
            result = self.work(session, run)
        except (ApiError, Unreachable) as err:
            raise failure(doing, err) from err
        session.check_version()
        return result

    def work(self, session: Session, run: Run) -> dict[str, t.Any]:
        raise NotImplementedError


class ManageTask(Task):
    """Makes one object be as it was asked for, or be gone."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(_options.of_object(kind), writable(kind), kind["name"])
        self.kind = kind

    def doing(self, params: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> str:
        verb = "delete" if params.get("state") == "absent" else "create or update"
        return self.phrase(verb, params, given)

    def phrase(self, verb: str, params: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> str:
        return "{0} {1}".format(verb, self.named(params, given))

    def named(self, params: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> str:
        """The object in a sentence, by what the task calls it."""
        keys = [str(given[key]) for key in self.kind.get("key") or [] if given.get(key)]
        named = given.get("name") or params.get("id") or ", ".join(keys)
        return "{0} {1}".format(title(self.kind["name"]), named).rstrip()

    def work(self, session: Session, run: Run) -> dict[str, t.Any]:
        return _Managing(self, session, run).work()


class _Managing:
    """One run of a ManageTask."""

    def __init__(self, task: ManageTask, session: Session, run: Run) -> None:
        self.task = task
        self.kind = task.kind
        self.session = session
        self.params = run.params
        self.run = run
        self.absent = run.params["state"] == "absent"
        self.given = run.given

    def doing(self, verb: str) -> str:
        return self.task.phrase(verb, self.params, self.given)

    def work(self) -> dict[str, t.Any]:
        problems: dict[str, str] = {}
        doing = self.doing(DELETE if self.absent else "create or update")
        identity = ["name"] if self.kind["named"] else list(self.kind.get("key") or [])
        by_name = {field["name"]: field for field in self.task.fields}
        if not self.params.get("id"):
            for name in identity:
                if self.given.get(name) is None and not (name in by_name and clearable(by_name[name])):
                    problems[name] = "is required" if self.kind.get("singleton") else "is required, unless id is given"
        given = self.given
        if self.absent:
            # Only what says which object is meant matters; and nothing can be in a place that does not exist.
            given = {name: value for name, value in given.items() if name in identity or name == self.parent_field}
        missing: dict[str, str] = {}
        self.given = self.session.resolve(self.task.fields, given, missing)
        if self.absent and self.session.unknown and not problems:
            return self.result(False, None, {}, {})
        problems.update(missing)
        if problems:
            raise refused(doing, problems)
        return self.ensure()

    @property
    def parent_field(self) -> str | None:
        return self.kind["parent"]["field"] if self.kind.get("parent") else None

    def ensure(self) -> dict[str, t.Any]:
        """Plans and carries out until there is nothing left to plan, or nobody else is in the way."""
        overtaken: tuple[Plan, Object] | None = None
        left = TRIES
        while True:
            current = self.settled(self.find())
            plan = self.plan(current)
            if overtaken:
                self.refuse_overwriting(overtaken, plan, current)
                overtaken = None
            if plan.verb == NONE:
                return self.result(False, current, plan.before, plan.after)
            if self.run.check:
                return self.predict(plan, current)
            try:
                answer = self.send(plan, current)
            except ApiError as err:
                if err.code == "operation_in_progress" and err.problem.get("operation_id"):
                    self.session.wait(err.problem["operation_id"], self.doing(plan.verb))
                    continue
                left -= 1
                gone = err.status == 404 and err.code == "not_found" and plan.verb != CREATE
                if left <= 0 or not (gone or err.code in ("revision_mismatch", "operation_in_progress") or self.appeared(plan, err, left)):
                    raise failure(self.doing(plan.verb), err) from err
                if gone and plan.verb == DELETE:
                    return self.result(True, None, plan.before, plan.after)
                if err.code == "revision_mismatch" and current is not None:
                    overtaken = (plan, current)
                continue
            return self.finish(plan, answer)

    @staticmethod
    def appeared(plan: Plan, err: ApiError, left: int) -> bool:
        """Whether somebody else made the object between looking for it and creating it; looked at again once."""
        return plan.verb == CREATE and err.code in ("name_taken", "already_exists") and left == TRIES - 1

    def refuse_overwriting(self, overtaken: tuple[Plan, Object], plan: Plan, current: Object | None) -> None:
        """After somebody else's change: it is only built upon where it touched other fields than ours."""
        before = overtaken[1]
        if current is None or plan.verb != UPDATE:
            return
        changed = [name for name in plan.body if current.get(name) != before.get(name)]
        if changed:
            problems = {name: "was changed by someone else meanwhile" for name in changed}
            raise refused(self.doing(plan.verb), problems)

    def find(self) -> Object | None:
        """The object that the task means, None if there is none."""
        if self.kind.get("singleton"):
            return self.find_singleton()
        object_id = self.params.get("id")
        if object_id:
            found = self.session.get(self.kind, object_id)
            if found is None and not self.absent and not is_planned(object_id):
                raise refused(self.doing(UPDATE), {"id": "names no {0}: there is no {1}".format(title(self.kind["name"]), object_id)})
        else:
            found = self.find_by_key()
        if found and found.get("state") == "recycled" and self.absent:
            return None
        return found

    def find_singleton(self) -> Object | None:
        """It is there if the object whose it is is there; if an earlier task would make that one, it is as it begins."""
        key = self.kind["key"][0]
        if is_planned(self.given[key]):
            return untouched(self.kind, self.given)
        found = self.session.get(self.kind, self.given[key])
        if found is None and not self.absent:
            raise refused(self.doing(UPDATE), {key: "names nothing: there is no {0}".format(self.given[key])})
        return found

    def id_of(self, found: Object) -> str:
        return found[self.kind["key"][0]] if self.kind.get("singleton") else found["id"]

    def find_by_key(self) -> Object | None:
        if not self.kind["named"]:
            return self.only(self.search({}, {name: self.given.get(name) for name in self.kind["key"]}), self.kind["key"][-1])
        scope = {self.parent_field: self.given[self.parent_field]} if self.parent_field in self.given else {}
        for name in (self.given["name"], self.params.get("previous_name")):
            if name:
                found = self.only(self.search({"path": name}, scope), self.parent_field or "id")
                if found:
                    return found
        return None

    def search(self, query: dict[str, t.Any], scope: dict[str, t.Any]) -> list[Object]:
        """Objects with these values: as filters where the server has them, else picked out here."""
        if any(is_planned(value) for value in scope.values()):
            return []
        filters = {one["name"] for one in self.kind.get("filters") or []}
        query = dict(query, **{name: value for name, value in scope.items() if name in filters and value is not None})
        found = self.session.list(self.kind["path"], query)
        return [one for one in found if all(one.get(name) == value for name, value in scope.items()) and one.get("state") != "recycled"]

    def only(self, found: list[Object], decides: str) -> Object | None:
        if len(found) > 1:
            ids = ", ".join(one["id"] for one in found)
            raise refused(self.doing("find"), {decides: "is needed to decide between {0}".format(ids)})
        return found[0] if found else None

    def settled(self, current: Object | None) -> Object | None:
        """The object after the operation that runs on it, if the task waits at all."""
        if current is None:
            return None
        leaving = current.get("state") == "deleting"
        if self.run.check:
            return None if leaving else current
        if current.get("operation_id") and (self.params["wait"] or (leaving and not self.absent)):
            self.session.wait(current["operation_id"], self.doing(DELETE if self.absent else UPDATE))
            return self.settled(self.session.get(self.kind, self.id_of(current)))
        return None if leaving and self.absent else current

    def plan(self, current: Object | None) -> Plan:
        if self.absent:
            return plan_absent(self.kind, current)
        given = self.given
        if current is not None:
            hidden: dict[str, str] = {}
            named_without(self.task.fields, given, permissions_missing(self.kind["fields"], current), "", hidden)
            if hidden:
                raise refused(self.doing(UPDATE), hidden)
            given = {name: value for name, value in given.items() if not self.chosen_by_server(name, value, current)}
        always = frozenset(field["name"] for field in _options.resendable(self.kind) if self.params.get("update_" + field["name"]) == "always")
        problems: dict[str, str] = {}
        plan = plan_present(self.kind, given, current, always, problems)
        if problems:
            raise refused(self.doing(plan.verb), problems)
        return plan

    def chosen_by_server(self, name: str, value: t.Any, current: Object) -> bool:
        """Whether null is wanted of a field whose default is the server's to choose, and the server would choose what it is."""
        field = next(field for field in self.task.fields if field["name"] == name)
        if value is not None or not field.get("server_default") or field.get("immutable"):
            return False
        answer = self.request(Plan(UPDATE, {name: None}, {}, {}, None), current, {"dry_run": True})
        return answer.body.get(name) == current.get(name)

    def request(self, plan: Plan, current: Object | None, query: dict[str, t.Any] | None = None) -> Answer:
        client = self.session.client
        if plan.verb == CREATE or current is None:
            return client.request("POST", self.kind["path"], query, plan.body)
        path = "{0}/{1}".format(self.kind["path"], self.id_of(current))
        revision = current.get("revision")
        if plan.verb == DELETE:
            return client.request("DELETE", path, query, revision=revision)
        return client.request("PATCH", path, query, plan.body, revision=revision)

    def send(self, plan: Plan, current: Object | None) -> Answer:
        """The only place from which a real run writes."""
        if self.run.check:
            raise AssertionError("a check run must not write")
        return self.request(plan, current)

    def predict(self, plan: Plan, current: Object | None) -> dict[str, t.Any]:
        """The result of a check run. The server is asked whether it would accept the change, where it can know."""
        outcome = plan.outcome
        if not has_planned(plan.body) and not (current is not None and is_planned(self.id_of(current))):
            try:
                answer = self.request(plan, current, {"dry_run": True})
                if plan.verb != DELETE and isinstance(answer.body, dict):
                    outcome = dict(answer.body, id=planned_id(self.kind["name"])) if plan.verb == CREATE else answer.body
                    outcome = dict(outcome, **dict.fromkeys(shown_once(self.kind)))
            except ApiError as err:
                # What is in the way may be gone by then: an earlier task of the same run would have removed or ended it.
                # And a token that may only read is what one wants to look for drift with.
                # What it may not see it could not set later either.
                if err.status not in (403, 409, 412) or err.names_hidden():
                    raise failure(self.doing(plan.verb), err) from err
                self.run.warn(failure(self.doing(plan.verb), err).msg)
        return self.result(True, outcome, plan.before, plan.after)

    def finish(self, plan: Plan, answer: Answer) -> dict[str, t.Any]:
        """Waits for the work that a write has started."""
        made = answer.body or {}
        operation_id = made.get("operation_id")
        if not operation_id:
            return self.result(True, None if plan.verb == DELETE else made, plan.before, plan.after)
        if not self.params["wait"]:
            return dict(self.result(True, None if plan.verb == DELETE else made, plan.before, plan.after), operation_id=operation_id)
        operation = self.session.wait(operation_id, self.doing(plan.verb))
        found = revealed(self.kind, self.session.get(self.kind, self.id_of(made)), made)
        if operation is not None and operation["state"] != "succeeded":
            raise self.ended_badly(plan, operation, found)
        if found is not None and found.get("state") == "failed" and not found.get("operation_id"):
            raise self.ended_badly(plan, {"id": operation_id, "state": "failed", "error": {"detail": found.get("state_reason")}}, found)
        return self.result(True, None if plan.verb == DELETE else found, plan.before, plan.after)

    def ended_badly(self, plan: Plan, operation: Object, found: Object | None) -> Failure:
        reason = operation.get("error") or {}
        detail = reason.get("detail") or (found or {}).get("state_reason") or "no reason is known"
        msg = "cannot {0}: operation {1} {2}: {3}".format(
            self.doing(plan.verb), operation["id"], "was cancelled" if operation["state"] == "cancelled" else "failed", detail.rstrip(".")
        )
        error = {"status": None, "code": reason.get("code") or "operation_" + operation["state"], "detail": detail}
        error.update(request_id=None, method="GET", path="/operations/" + operation["id"])
        return Failure(msg, error=error, operation_id=operation["id"], **{self.kind["name"]: found})

    def result(self, changed: bool, found: Object | None, before: dict[str, t.Any], after: dict[str, t.Any]) -> dict[str, t.Any]:
        named = self.task.named(self.params, self.given)
        diff = {"before": before, "after": after, "before_header": named, "after_header": named}
        return {"changed": changed, self.kind["name"]: None if self.absent else found, "diff": diff}


def revealed(kind: Kind, found: Object | None, answer: Object) -> Object | None:
    """An object that was read again, with the secrets that only the answer to the write before had."""
    if found is None:
        return None
    return dict(found, **{name: answer[name] for name in shown_once(kind) if answer.get(name) is not None})


class InfoTask(Task):
    """Reads objects of a kind."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(_options.of_info(kind), _options.filters(kind), kind["name"])
        self.kind = kind

    def spec(self) -> dict[str, t.Any]:
        return dict(super().spec(), mutually_exclusive=[["id", name] for name in self.control if name in ("path", "label", "q")])

    def doing(self, params: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> str:
        return "read {0}".format(title(self.kind["plural"]))

    def work(self, session: Session, run: Run) -> dict[str, t.Any]:
        if run.params.get("id"):
            found = session.get(self.kind, run.params["id"])
            return {"changed": False, self.kind["plural"]: [found] if found else []}
        problems: dict[str, str] = {}
        query = session.resolve(self.fields, run.given, problems)
        if self.kind.get("singleton"):
            problems.update({name: "is required" for name in self.kind["key"] if name not in run.given})
        if problems:
            raise refused(self.doing(run.params, run.given), problems)
        if any(is_planned(value) for value in query.values()):
            return {"changed": False, self.kind["plural"]: []}
        if self.kind.get("singleton"):
            found = session.get(self.kind, query[self.kind["key"][0]])
            return {"changed": False, self.kind["plural"]: [found] if found else []}
        for name in ("path", "label", "q", "order_by"):
            if run.params.get(name):
                query[name] = run.params[name]
        return {"changed": False, self.kind["plural"]: session.list(self.kind["path"], query)}


class ActionTask(Task):
    """Starts an action of an object."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(_options.of_action(kind), _options.action_fields(kind), kind["name"])
        self.kind = kind

    def spec(self) -> dict[str, t.Any]:
        if "path" not in self.control:
            return super().spec()
        return dict(super().spec(), required_one_of=[["id", "path"]], mutually_exclusive=[["id", "path"]])

    def doing(self, params: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> str:
        return "{0} {1} {2}".format(params.get("action"), title(self.kind["name"]), params.get("path") or params.get("id"))

    def work(self, session: Session, run: Run) -> dict[str, t.Any]:
        doing = self.doing(run.params, run.given)
        problems: dict[str, str] = {}
        body = session.resolve(self.fields, run.given, problems)
        object_id = run.params.get("id")
        if not object_id:
            try:
                object_id = session.resolve_path([self.kind["name"]], run.params["path"])
            except LookupError as err:
                problems["path"] = str(err)
        if problems:
            raise refused(doing, problems)
        action = next(one for one in self.kind["actions"] if one["name"] == run.params["action"])
        path = action["path"].replace("{id}", object_id)
        revision = None
        if action.get("requires_if_match"):
            revision = (session.get(self.kind, object_id) or {}).get("revision")
        if run.check:
            return self.predict(session, run, path, body, object_id, revision)
        while True:
            try:
                started = session.client.request(action["method"], path, None, body, revision).body or {}
                break
            except ApiError as err:
                if err.code != "operation_in_progress" or not err.problem.get("operation_id"):
                    raise
                session.wait(err.problem["operation_id"], doing)
        # The operation that cancelling an operation leads to is that operation itself, and being cancelled is its good end.
        itself = self.kind["name"] == "operation"
        operation_id = object_id if itself else started.get("operation_id")
        if not operation_id:
            return {"changed": True, self.kind["name"]: started}
        if not run.params["wait"]:
            return {"changed": True, self.kind["name"]: started, "operation_id": operation_id}
        operation = session.wait(operation_id, doing)
        if operation is not None and operation["state"] != "succeeded" and not itself:
            reason = operation.get("error") or {}
            error = {"status": None, "code": reason.get("code"), "detail": reason.get("detail"), "request_id": None}
            error.update(method="GET", path="/operations/" + operation_id)
            msg = "cannot {0}: operation {1} {2}: {3}".format(doing, operation_id, operation["state"], reason.get("detail") or "no reason is known")
            raise Failure(msg, error=error, operation_id=operation_id)
        return {"changed": True, self.kind["name"]: revealed(self.kind, session.get(self.kind, object_id), started)}

    def predict(self, session: Session, run: Run, path: str, body: dict[str, t.Any], object_id: str, revision: int | None) -> dict[str, t.Any]:
        found = None
        if not is_planned(object_id) and not has_planned(body):
            try:
                found = session.client.request("POST", path, {"dry_run": True}, body, revision).body
                found = dict(found or {}, **dict.fromkeys(shown_once(self.kind)))
            except ApiError as err:
                if err.status not in (403, 409):
                    raise
                run.warn(failure(self.doing(run.params, run.given), err).msg)
        return {"changed": True, self.kind["name"]: found}


class ApiTask(Task):
    """Sends one request as it is."""

    def __init__(self) -> None:
        super().__init__(_options.of_api(), [])

    def doing(self, params: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> str:
        return "{0} {1}".format(params.get("method") or "GET", params.get("path"))

    def work(self, session: Session, run: Run) -> dict[str, t.Any]:
        params = run.params
        path = params["path"]
        if path.startswith(CATALOG["base_path"] + "/"):
            path = path[len(CATALOG["base_path"]) :]
        if not path.startswith("/") or "?" in path:
            raise refused(self.doing(params, {}), {"path": "must begin with / and have no ?: parameters go to query"})
        query = dict(params.get("query") or {})
        if params["all_pages"]:
            if params["method"] != "GET":
                raise refused(self.doing(params, {}), {"all_pages": "is for GET alone"})
            return {"changed": False, "status": 200, "revision": None, "body": {"items": session.list(path, query), "next_page_token": None}}
        writes = params["method"] != "GET" and path != "/batch-get"
        if writes and run.check:
            query["dry_run"] = True
        answer = session.client.request(params["method"], path, query, params.get("body"), params.get("revision"))
        result = {"changed": writes, "status": answer.status, "revision": _revision(answer.headers.get("etag")), "body": answer.body}
        operation_id = answer.body.get("operation_id") if isinstance(answer.body, dict) else None
        if answer.status != 202 or not operation_id:
            return result
        if params["wait"]:
            operation = session.wait(operation_id, self.doing(params, {}))
            if operation is not None and operation["state"] != "succeeded":
                msg = "cannot {0}: operation {1} {2}".format(self.doing(params, {}), operation_id, operation["state"])
                raise Failure(msg, operation_id=operation_id, **result)
        return dict(result, operation_id=operation_id)


def _revision(etag: str | None) -> int | None:
    text = (etag or "").strip('"').partition(".")[0]
    return int(text) if text.isdigit() else None


def task(name: str) -> Task:
    """The task of a module, by the last part of its name."""
    if name == "api":
        return ApiTask()
    for suffix, make in (("_info", InfoTask), ("_action", ActionTask)):
        if name.endswith(suffix) and name[: -len(suffix)] in KINDS:
            return make(KINDS[name[: -len(suffix)]])
    return ManageTask(KINDS[name])

# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane in memory that follows the contract, for what a real one does too rarely: faults, races and refusals.

Objects are of any kind in the catalog. Operations end when somebody waits for them, so tests need no clock. What the
server is to do wrong is scripted: `server.on("PATCH", "/disks/", answer)` for the next matching request.
"""

from __future__ import annotations

import copy
import http.server
import ipaddress
import json
import re
import threading
import typing as t
import urllib.parse

from ansible_collections.demarc.cloud.plugins.module_utils._catalog import CATALOG
from ansible_collections.demarc.cloud.plugins.module_utils._fields import KINDS, PLATFORM

TOKEN = "dmc_a-token-that-must-not-be-seen"
BASE = CATALOG["base_path"]

# Kinds whose writes are operations here. With a real control plane more may be.
ASYNC = frozenset(("cloudspace", "virtual_machine", "disk"))


class Problem(Exception):
    """A refusal."""

    def __init__(self, status: int, code: str, detail: str, **members: t.Any) -> None:
        super().__init__(detail)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body = dict({"type": "about:blank", "status": status, "code": code, "detail": detail}, **members)


class Recorded(t.NamedTuple):
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: t.Any


class Scripted(t.NamedTuple):
    """What to do with the next request of this method whose path begins so, instead of or before answering it."""

    method: str
    prefix: str
    act: t.Callable[[Recorded], "tuple[int, dict[str, str], t.Any] | None"]


class Store:
    """The state and the rules; one lock around all of it."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, dict[str, t.Any]]] = {name: {} for name in KINDS}
        self.secrets: dict[str, dict[str, t.Any]] = {}
        self.minted: list[str] = []  # secrets that were shown once
        self.pending: dict[str, t.Callable[[], None]] = {}
        self.replies: dict[str, tuple[int, dict[str, str], t.Any]] = {}
        self.scripts: list[Scripted] = []
        self.requests: list[Recorded] = []
        self.lock = threading.RLock()
        self.failing: set[str] = set()  # kinds whose operations fail
        self.hidden: set[str] = set()  # permissions of fields that the token has not got
        self.deaf = False  # operations do not end when waited for
        self.count = 0

    def new_id(self, kind: str) -> str:
        self.count += 1
        return "{0}_{1}".format(KINDS[kind]["prefix"], "01j" + "{0:023d}".format(self.count))

    def handle(self, request: Recorded) -> tuple[int, dict[str, str], t.Any]:
        with self.lock:
            if request.headers.get("authorization") != "Bearer " + TOKEN:
                raise Problem(401, "unauthenticated", "the token is not known")
            key = request.headers.get("idempotency-key")
            if key in self.replies:
                return self.replies[key]
            if self.hidden and request.method in ("POST", "PATCH"):
                self.refuse_hidden(request)
            reply = self.route(request)
            if key:
                self.replies[key] = reply
            return self.shown(request, reply)

    @staticmethod
    def kind_at(path: str) -> dict[str, t.Any] | None:
        return next((one for one in KINDS.values() if one["path"] == "/" + path.strip("/").split("/")[0]), None)

    def refuse_hidden(self, request: Recorded) -> None:
        kind = self.kind_at(request.path)
        errors = [
            {"pointer": pointer, "code": "hidden", "detail": "only who has the permission {0} here sees and sets it".format(permission)}
            for pointer, permission, _of, _name in hidden_in(kind["fields"] if kind else [], request.body or {}, self.hidden)
        ]
        if errors:
            raise Problem(403, "forbidden", "only some may see it", errors=errors)

    def shown(self, request: Recorded, reply: tuple[int, dict[str, str], t.Any]) -> tuple[int, dict[str, str], t.Any]:
        """An answer as the token may see it."""
        kind = self.kind_at(request.path)
        if kind is None or reply[2] is None or not self.hidden:
            return reply
        body = copy.deepcopy(reply[2])
        for found in body["items"] if "items" in body else [body]:
            pointers = []
            for pointer, _permission, of, name in list(hidden_in(kind["fields"], found, self.hidden)):
                del of[name]
                pointers.append(pointer)
            found["hidden_fields"] = sorted(pointers)
        return reply[0], reply[1], body

    def route(self, request: Recorded) -> tuple[int, dict[str, str], t.Any]:
        parts = request.path.strip("/").split("/")
        if parts == ["batch-get"]:
            found = [(name, self.objects[name][i]) for i in request.body["ids"] for name in KINDS if i in self.objects[name]]
            items = [{"id": one["id"], "kind": name, "object": one} for name, one in found]
            return 200, {}, {"items": items, "missing": [i for i in request.body["ids"] if i not in [one["id"] for one in items]]}
        kind = next((one for one in KINDS.values() if one["path"] == "/" + parts[0]), None)
        if kind is None:
            raise Problem(404, "not_found", "there is nothing here")
        dry = request.query.get("dry_run") == "true"
        if len(parts) < 4 and verb_of(request.method, len(parts) == 1) not in kind["operations"]:
            raise Problem(405, "method_not_allowed", "{0} cannot be done here".format(request.method))
        if kind.get("singleton"):
            return self.singleton(kind, parts[1], request, dry)
        if len(parts) == 1:
            return self.list(kind, request.query) if request.method == "GET" else self.create(kind, request.body, dry)
        found = self.objects[kind["name"]].get(parts[1])
        if found is None:
            raise Problem(404, "not_found", "there is no {0} {1}".format(kind["name"].replace("_", " "), parts[1]))
        if request.method == "GET":
            if "wait" in request.query and parts[1] in self.pending and not self.deaf:
                self.pending.pop(parts[1])()
            return 200, {"ETag": '"{0}.5feceb66ffc86f38"'.format(found.get("revision", 1))}, copy.deepcopy(found)
        match = request.headers.get("if-match")
        if match and match != '"{0}"'.format(found["revision"]):
            raise Problem(412, "revision_mismatch", "the revision is {0}".format(found["revision"]))
        if found.get("operation_id"):
            raise Problem(409, "operation_in_progress", "something else is going on", operation_id=found["operation_id"])
        if len(parts) == 4:
            return self.act(kind, found, parts[3], request.body or {}, dry)
        if request.method == "DELETE":
            return self.delete(kind, found, dry)
        return self.update(kind, found, request.body, dry)

    def list(self, kind: dict[str, t.Any], query: dict[str, str]) -> tuple[int, dict[str, str], t.Any]:
        filters = {one["name"] for one in kind.get("filters") or []}
        unknown = set(query) - filters - {"page_size", "page_token", "order_by", "label", "q", "path"}
        if unknown:
            raise Problem(400, "unknown_parameter", "there is no parameter {0}".format(min(unknown)), errors=[{"pointer": min(unknown)}])
        asked = [one for one in kind.get("filters") or [] if one["name"] in query]
        found = [one for one in self.objects[kind["name"]].values() if all(meets(one, by, query[by["name"]]) for by in asked)]
        if query.get("order_by", "").startswith("-"):
            found.reverse()
        if "path" in query:
            found = [one for one in found if ("/" + self.path_of(kind, one)).endswith("/" + query["path"])]
        if "label" in query:
            name, value = query["label"].split("=")
            found = [one for one in found if one["labels"].get(name) == value]
        first, size = int(query.get("page_token") or 0), int(query.get("page_size", 50))
        token = str(first + size) if first + size < len(found) else None
        return 200, {}, {"items": copy.deepcopy(found[first : first + size]), "next_page_token": token}

    def path_of(self, kind: dict[str, t.Any], found: dict[str, t.Any]) -> str:
        parent = kind.get("parent")
        for name in [parent["kind"]] + parent.get("or", []) if parent else []:
            above = self.objects[name].get(found[parent["field"]])
            if above:
                return "{0}/{1}".format(self.path_of(KINDS[name], above), found["name"])
        return found["name"]

    def create(self, kind: dict[str, t.Any], body: dict[str, t.Any], dry: bool) -> tuple[int, dict[str, str], t.Any]:
        fields = [field for field in kind["fields"] if not field.get("computed")]
        errors: list[dict[str, str]] = []
        check_object(self, fields, body, "", errors)
        made = {field["name"]: begins(field) for field in kind["fields"]}
        made.update(whole(fields, body))
        self.refuse(errors)
        self.refuse_taken(kind, made, None)
        made.update(id=self.new_id(kind["name"]), revision=1, created_at="2026-01-02T03:04:05.000001Z", updated_at="2026-01-02T03:04:05.000001Z")
        secrets = {name: made.pop(name) for name in [field["name"] for field in fields if field.get("write_only")] if name in made}
        if "state" in made:
            made["state"] = "active"
        if dry:
            return 200, {}, made
        self.objects[kind["name"]][made["id"]] = made
        self.secrets[made["id"]] = secrets
        return self.revealing(kind, self.started(kind, made, "create", 201))

    def revealing(self, kind: dict[str, t.Any], reply: tuple[int, dict[str, str], t.Any]) -> tuple[int, dict[str, str], t.Any]:
        """The answer with the secrets that are in no other one."""
        for field in kind["fields"]:
            if field.get("shown_once"):
                self.minted.append("dmc_secret-number-{0}".format(len(self.minted)))
                reply[2][field["name"]] = self.minted[-1]
        return reply

    def singleton(self, kind: dict[str, t.Any], key: str, request: Recorded, dry: bool) -> tuple[int, dict[str, str], t.Any]:
        """It exists with the object that its key names. What nobody has changed yet is not stored."""
        if key != PLATFORM and not any(key in objects for objects in self.objects.values()):
            raise Problem(404, "not_found", "there is no {0}".format(key))
        start = {field["name"]: begins(field) for field in kind["fields"]}
        start.update({kind["key"][0]: key, "revision": 0})
        found = self.objects[kind["name"]].get(key, start)
        if request.method == "GET":
            return 200, {"ETag": '"{0}.5feceb66ffc86f38"'.format(found["revision"])}, copy.deepcopy(found)
        match = request.headers.get("if-match")
        if not match:
            raise Problem(428, "if_match_required", "the revision is needed")
        if match != '"{0}"'.format(found["revision"]):
            raise Problem(412, "revision_mismatch", "the revision is {0}".format(found["revision"]))
        if request.method == "DELETE":
            if not dry:
                self.objects[kind["name"]][key] = dict(start, revision=found["revision"] + 1)
            return (200, {}, start) if dry else (204, {}, None)
        if not dry:
            self.objects[kind["name"]][key] = found
        return self.update(kind, found, request.body, dry)

    def update(self, kind: dict[str, t.Any], found: dict[str, t.Any], patch: dict[str, t.Any], dry: bool) -> tuple[int, dict[str, str], t.Any]:
        fields = [field for field in kind["fields"] if not field.get("computed")]
        own_id = found.get("id")
        merged = dict(found, **self.secrets.get(own_id, {}))
        merged = merge({field["name"]: merged.get(field["name"]) for field in fields}, patch, fields)
        errors: list[dict[str, str]] = []
        check_object(self, fields, {name: value for name, value in merged.items() if value is not None or name in patch}, "", errors)
        for field in fields:
            name = field["name"]
            if name in patch and merged.get(name) != found.get(name) and not field.get("write_only"):
                if field.get("immutable"):
                    errors.append({"pointer": "/" + name, "code": "immutable", "detail": "cannot be changed"})
                if field.get("grow_only") and merged[name] is not None and merged[name] < found[name]:
                    errors.append({"pointer": "/" + name, "code": "shrink", "detail": "can only grow"})
        self.refuse(errors)
        self.refuse_taken(kind, merged, own_id)
        secrets = {name: merged.pop(name) for name in [field["name"] for field in fields if field.get("write_only")]}
        if dry:
            return 200, {}, dict(copy.deepcopy(found), **merged)
        self.secrets[own_id] = secrets
        changed = any(found[name] != merged[name] for name in merged) or bool(set(patch) & set(secrets))
        found.update(merged)
        found["revision"] += changed
        return self.started(kind, found, "update", 200) if changed or found.get("state") == "failed" else (200, {}, copy.deepcopy(found))

    def delete(self, kind: dict[str, t.Any], found: dict[str, t.Any], dry: bool) -> tuple[int, dict[str, str], t.Any]:
        if found.get("deletion_protection"):
            raise Problem(409, "deletion_protected", "it is protected from deletion")
        children = [
            {"kind": other["name"], "id": one["id"], "name": one["name"]}
            for other in KINDS.values()
            if other.get("parent") and kind["name"] in [other["parent"]["kind"]] + other["parent"].get("or", [])
            for one in self.objects[other["name"]].values()
            if one[other["parent"]["field"]] == found["id"]
        ]
        if children:
            raise Problem(409, "has_children", "it is not empty", children=children[:10], children_total=len(children))
        if dry:
            return 200, {}, copy.deepcopy(found)
        if not kind_is_async(kind):
            del self.objects[kind["name"]][found["id"]]
            return 204, {}, None
        return self.started(kind, found, "delete", 204)

    def act(self, kind: dict[str, t.Any], found: dict[str, t.Any], action: str, body: dict[str, t.Any], dry: bool) -> tuple[int, dict[str, str], t.Any]:
        fields = next((one.get("fields") or [] for one in kind.get("actions") or [] if one["name"] == action), None)
        if fields is None:
            raise Problem(404, "not_found", "there is no action {0}".format(action))
        errors: list[dict[str, str]] = []
        check_object(self, fields, body, "", errors)
        self.refuse(errors)
        if kind["name"] == "operation":
            self.pending[found["id"]] = lambda: found.update(state="cancelled", done=True)
            return 202, {}, copy.deepcopy(found)
        if found.get("power_state") == "stopped":
            raise Problem(409, "wrong_state", "the machine is not running")
        return (200, {}, copy.deepcopy(found)) if dry else self.revealing(kind, self.started(kind, found, action, 200))

    def started(self, kind: dict[str, t.Any], found: dict[str, t.Any], action: str, status: int) -> tuple[int, dict[str, str], t.Any]:
        """Begins an operation where the kind has them; what it does happens when it is waited for."""
        if not kind_is_async(kind):
            return status, {"ETag": '"{0}.5feceb66ffc86f38"'.format(found["revision"])}, copy.deepcopy(found)
        operation = {"id": self.new_id("operation"), "action": "{0}.{1}".format(kind["name"], action), "target_kind": kind["name"]}
        operation.update(target_id=found["id"], state="running", done=False, error=None, current_step="thinking", total_steps=2, completed_steps=1)
        self.objects["operation"][operation["id"]] = operation
        found.update(state={"create": "creating", "delete": "deleting"}.get(action, "updating"), state_reason=None, operation_id=operation["id"])

        def end() -> None:
            found["operation_id"] = None
            operation.update(done=True, current_step=None)
            if kind["name"] in self.failing:
                operation.update(state="failed", error={"code": "host_lost", "detail": "the host went away"})
                found.update(state="failed", state_reason="the host went away")
                return
            operation["state"] = "succeeded"
            found["state"] = "active"
            if action == "delete":
                del self.objects[kind["name"]][found["id"]]

        self.pending[operation["id"]] = end
        return 202, {"Location": "{0}/operations/{1}".format(BASE, operation["id"])}, copy.deepcopy(found)

    @staticmethod
    def refuse(errors: list[dict[str, str]]) -> None:
        if errors:
            raise Problem(422, "invalid", "{0} field{1} wrong".format(len(errors), " is" if len(errors) == 1 else "s are"), errors=errors)

    def refuse_taken(self, kind: dict[str, t.Any], made: dict[str, t.Any], own_id: str | None) -> None:
        if kind.get("singleton"):
            return
        scope = (["name"] if kind["named"] else list(kind["key"])) + ([kind["parent"]["field"]] if kind.get("parent") else [])
        for one in self.objects[kind["name"]].values():
            if one["id"] != own_id and all(one[name] == made.get(name) for name in scope):
                if not kind["named"]:
                    raise Problem(409, "already_exists", "there is one already", existing_id=one["id"])
                raise Problem(409, "name_taken", "the name {0} is taken".format(made["name"]), existing_id=one["id"])


def meets(found: dict[str, t.Any], by: dict[str, t.Any], wanted: str) -> bool:
    """Whether an object has what a filter asks for; times are compared as they are written."""
    name, dummy, bound = by["name"].rpartition("_")
    if by["type"] == "list":
        return found.get(by["name"]) in wanted.split(",")
    if by["name"] not in found and bound in ("from", "min"):
        return found[name] >= type(found[name])(wanted)
    if by["name"] not in found and bound in ("until", "max"):
        return found[name] < type(found[name])(wanted) or bound == "max" and str(found[name]) == wanted
    return found.get(by["name"]) == wanted


def hidden_in(
    fields: list[dict[str, t.Any]], body: dict[str, t.Any], permissions: set[str], at: str = ""
) -> t.Iterator[tuple[str, str, dict[str, t.Any], str]]:
    """The fields of a body that take one of the permissions: pointer, permission, what it is in, name."""
    for field in fields:
        name = field["name"]
        if name not in body:
            continue
        pointer = "{0}/{1}".format(at, name)
        if field.get("visible_to") in permissions:
            yield pointer, field["visible_to"], body, name
        elif field["type"] == "map" and field["items"]["type"] == "object":
            for key, entry in (body[name] or {}).items():
                yield from hidden_in(field["items"]["fields"], entry or {}, permissions, "{0}/{1}".format(pointer, key))
        elif field["type"] == "object":
            yield from hidden_in(field["fields"], body[name] or {}, permissions, pointer)


def verb_of(method: str, collection: bool) -> str:
    if collection:
        return "list" if method == "GET" else "create"
    return {"GET": "get", "PATCH": "update", "DELETE": "delete"}[method]


def kind_is_async(kind: dict[str, t.Any]) -> bool:
    return kind["name"] in ASYNC


def whole(fields: list[dict[str, t.Any]], body: dict[str, t.Any]) -> dict[str, t.Any]:
    """The body with every field of its objects."""
    result = {}
    for field in fields:
        if body.get(field["name"]) is not None:
            value = body[field["name"]]
            result[field["name"]] = dict({sub["name"]: None for sub in field["fields"]}, **value) if field["type"] == "object" else value
    return result


def begins(field: dict[str, t.Any]) -> t.Any:
    """What a field is when nobody has set it. What of one that others set too is the server's to choose."""
    if field.get("kept") and not field.get("computed"):
        return {"boolean": True, "integer": field.get("minimum", 0)}.get(field["type"], (field.get("enum") or ["chosen"])[0])
    return copy.deepcopy(field.get("default"))


def merge(current: dict[str, t.Any], patch: dict[str, t.Any], fields: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    """A merge patch whose nulls are the fields' defaults."""
    by_name = {field["name"]: field for field in fields}
    result = dict(current)
    for name, value in patch.items():
        field = by_name.get(name, {"type": "string"})
        if value is None and field.get("kept") and result.get(name) is not None:
            continue
        if value is None:
            result[name] = begins(field)
        elif field["type"] == "object":
            result[name] = merge(current.get(name) or {sub["name"]: None for sub in field["fields"]}, value, field["fields"])
        elif field["type"] == "map":
            entries = dict(current.get(name) or {})
            for key, inner in value.items():
                entries[key] = inner
                if inner is not None and field["items"]["type"] == "object":
                    subs = field["items"]["fields"]
                    before = (current.get(name) or {}).get(key) or {sub["name"]: begins(sub) for sub in subs}
                    entries[key] = merge(before, inner, subs)
            result[name] = {key: inner for key, inner in entries.items() if inner is not None}
        else:
            result[name] = value
    return result


_PYTHON = {"string": str, "integer": int, "boolean": bool, "object": dict, "map": dict, "set": list, "list": list}


def check_object(store: Store, fields: list[dict[str, t.Any]], body: dict[str, t.Any], at: str, errors: list[dict[str, str]]) -> None:
    by_name = {field["name"]: field for field in fields}

    def wrong(name: str, code: str, detail: str) -> None:
        errors.append({"pointer": "{0}/{1}".format(at, name), "code": code, "detail": detail})

    for name in body:
        if name not in by_name:
            wrong(name, "unknown_field", "is not a field")
    for name, field in by_name.items():
        value = body.get(name)
        if value is None:
            if field.get("required"):
                wrong(name, "required", "is required")
            continue
        if not isinstance(value, _PYTHON[field["type"]]) or (field["type"] == "integer" and isinstance(value, bool)):
            wrong(name, "type", "has the wrong type")
        elif field["type"] == "object":
            check_object(store, field["fields"], value, "{0}/{1}".format(at, name), errors)
        elif field["type"] == "map":
            for key, inner in value.items():
                if field.get("ref"):
                    check_text(store, field, key, lambda code, detail, which="{0}/{1}".format(name, key): wrong(which, code, detail))
                if field["items"]["type"] == "object":
                    check_object(store, field["items"]["fields"], inner, "{0}/{1}/{2}".format(at, name, key), errors)
        elif field["type"] == "integer" and not field.get("minimum", value) <= value <= field.get("maximum", value):
            wrong(name, "minimum", "is out of range")
        elif field["type"] == "string":
            check_text(store, field, value, lambda code, detail, which=name: wrong(which, code, detail))


def check_text(store: Store, field: dict[str, t.Any], value: str, wrong: t.Callable[[str, str], None]) -> None:
    if field.get("ref"):
        kinds = [kind for kind in field["ref"] if kind != PLATFORM]
        if value == PLATFORM and PLATFORM in field["ref"]:
            return
        if not any(value.startswith(KINDS[kind]["prefix"] + "_") for kind in kinds):
            wrong("wrong_kind", "is the id of something else")
        elif not any(value in store.objects[kind] for kind in kinds):
            wrong("not_found", "does not exist")
    elif field.get("enum") and value not in field["enum"]:
        wrong("enum", "is not one of {0}".format(field["enum"]))
    elif field.get("pattern") and not re.fullmatch(field["pattern"], value):
        wrong("pattern", "does not match")
    elif field.get("format") == "time-zone" and value not in ("UTC", "Europe/Brussels", "Europe/Paris"):
        wrong("format", "is not a time zone")
    elif field["name"].endswith("_cidr"):
        try:
            ipaddress.ip_network(value)
        except ValueError:
            wrong("format", "is not a network")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def respond(self) -> None:
        store: Store = self.server.store  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        request = Recorded(self.command, url.path[len(BASE) :], query, headers, json.loads(content) if content else None)
        with store.lock:
            store.requests.append(request)
            script = next((one for one in store.scripts if one.method == request.method and request.path.startswith(one.prefix)), None)
            if script:
                store.scripts.remove(script)
        try:
            answer = script.act(request) if script else None
            status, extra, body = answer if answer is not None else store.handle(request)
        except Problem as problem:
            status, extra, body = problem.status, dict(problem.headers, **{"Content-Type": "application/problem+json"}), problem.body
        if status == 0:  # hang up
            self.close_connection = True
            return
        payload = body.encode() if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in dict({"Demarc-Catalog": CATALOG["version"], "X-Request-Id": "req_{0}".format(len(store.requests))}, **extra).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_PATCH = do_DELETE = respond

    def log_message(self, format: str, *args: t.Any) -> None:  # pylint: disable=redefined-builtin
        pass


class ContractServer(http.server.ThreadingHTTPServer):
    """Serves a Store on a port of its own."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        super().__init__(address, _Handler)
        self.store = Store()
        self.connections = 0
        self.seed()

    def get_request(self) -> tuple[t.Any, t.Any]:
        self.connections += 1
        return super().get_request()

    @property
    def endpoint(self) -> str:
        return "http://127.0.0.1:{0}".format(self.server_address[1])

    def on(self, method: str, prefix: str, act: t.Callable[[Recorded], "tuple[int, dict[str, str], t.Any] | None"]) -> None:
        self.store.scripts.append(Scripted(method, prefix, act))

    def sent(self, method: str = "") -> list[Recorded]:
        return [one for one in self.store.requests if one.method == method or (not method and one.method != "GET")]

    def seed(self) -> None:
        """What a control plane has from its first start on."""
        base = {"labels": {}, "display_name": None, "notes": None, "deletion_protection": False, "revision": 1}
        store = self.store
        root = dict(base, id=store.new_id("billing_entity"), name="operator", parent_id=None, currency="EUR", address=None)
        store.objects["billing_entity"][root["id"]] = root
        for kind, name in (("location", "local"), ("image", "debian-12")):
            _status, _headers, made = store.create(KINDS[kind], {"name": name}, False)
            assert made["name"] == name


def main() -> None:
    """Serves for ever: a control plane to develop against."""
    server = ContractServer(("127.0.0.1", 8099))
    print("DEMARC_ENDPOINT={0} DEMARC_TOKEN={1}".format(server.endpoint, TOKEN), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

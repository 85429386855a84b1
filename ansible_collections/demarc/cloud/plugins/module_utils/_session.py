# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task's conversation with the control plane: reading lists, resolving names, waiting for operations; and how it fails."""

from __future__ import annotations

import platform
import time
import typing as t
import urllib.parse

from ansible_collections.demarc.cloud.plugins.module_utils._catalog import CATALOG, COLLECTION_VERSION
from ansible_collections.demarc.cloud.plugins.module_utils._client import PATIENCE, ApiError, Client, Unreachable
from ansible_collections.demarc.cloud.plugins.module_utils._fields import KINDS, PLATFORM, Field, Kind, any_of, is_planned, kind_of_id, planned_id, title

Object = t.Dict[str, t.Any]

# The server answers a long poll after this time at the latest, and the client asks again.
LONG_POLL = 30

PAGE_SIZE = 500


class Failure(Exception):
    """The end of a task that did not succeed: one sentence, and what the module returns beside it."""

    def __init__(self, msg: str, **returned: t.Any) -> None:
        super().__init__(msg)
        self.msg = msg
        self.returned = returned


class Run(t.NamedTuple):
    """One run of a task: its validated arguments and how it is run."""

    params: dict[str, t.Any]
    given: dict[str, t.Any]  # fields as written, nulls included
    explicit: frozenset[str]  # options that the user wrote, which did not come from the environment
    secrets: set[str]  # texts that must never be shown; the token that is read from a file joins them
    check: bool
    warn: t.Callable[[str], None]
    ansible_version: str


def failure(doing: str, err: ApiError | Unreachable, **returned: t.Any) -> Failure:
    """A failed request as one sentence, with every wrong field."""
    if isinstance(err, Unreachable):
        return Failure("cannot {0}: {1}".format(doing, err), error=err.described(), **returned)
    fields = err.fields()
    reason = err.detail.rstrip(".")
    if fields:
        reason = "{0}: {1}".format(reason, sentence(fields))
    if err.status == 401:
        reason += " (set token or token_file, or DEMARC_TOKEN or DEMARC_TOKEN_FILE in the environment)"
    children = err.problem.get("children")
    if children and not any(child["id"] in reason for child in children):
        more = err.problem.get("children_total", len(children)) - len(children)
        names = ["{0} {1}".format(title(child["kind"]), child.get("name") or child["id"]) for child in children]
        reason += ": {0}{1}".format(", ".join(names), " and {0} more".format(more) if more > 0 else "")
    if fields:
        returned["field_errors"] = fields
    return Failure("cannot {0}: {1}".format(doing, reason), error=err.described(), **returned)


def sentence(problems: dict[str, str]) -> str:
    return "; ".join("{0} {1}".format(path, problem) for path, problem in problems.items())


def refused(doing: str, problems: dict[str, str]) -> Failure:
    """A failure that was seen before anything was sent."""
    return Failure("cannot {0}: {1}".format(doing, sentence(problems)), field_errors=problems)


class Session:
    """One task's conversation with the control plane."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.unknown: list[str] = []  # paths that name nothing
        self._resolved: dict[tuple[tuple[str, ...], str], str] = {}
        self._deadline = time.monotonic() + run.params.get("wait_timeout", PATIENCE)
        params = run.params
        if not params.get("endpoint"):
            raise Failure("endpoint is required: set the option, or DEMARC_ENDPOINT in the environment")
        agent = "demarc.cloud/{0} ansible-core/{1} python/{2}".format(COLLECTION_VERSION, run.ansible_version, platform.python_version())
        try:
            self.client = Client(
                params["endpoint"],
                self._token(),
                CATALOG["base_path"],
                agent,
                params.get("ca_file"),
                params["timeout"],
                max(0, params["retries"]),
                params.get("wait_timeout", PATIENCE),
            )
        except ValueError as err:
            raise Failure(str(err)) from err

    def _token(self) -> str:
        params = self.run.params
        path = params.get("token_file")
        # A file that the user names is meant rather than a token that happens to be in the environment.
        if params.get("token") and not (path and "token_file" in self.run.explicit and "token" not in self.run.explicit):
            return params["token"].strip()
        if not path:
            raise Failure("token is required: set token or token_file, or DEMARC_TOKEN or DEMARC_TOKEN_FILE in the environment")
        try:
            with open(path, encoding="utf-8") as file:
                token = file.read().strip()
        except (OSError, UnicodeDecodeError) as err:
            raise Failure("token_file {0} cannot be read: {1}".format(path, getattr(err, "strerror", None) or "it is not text")) from err
        if not token:
            raise Failure("token_file {0} is empty".format(path))
        self.run.secrets.add(token)
        return token

    def check_version(self) -> None:
        """Warns if the server's contract is another, or older than the one that this collection was made for."""
        version = self.client.catalog_version
        if not version or version == CATALOG["version"]:
            return
        theirs, ours = [[int(number) for number in text.split(".")] if _is_version(text) else [] for text in (version, CATALOG["version"])]
        if theirs[:1] != ours[:1] or theirs < ours:
            msg = "the control plane speaks contract {0}; this collection was made for {1}: some options may not work"
            self.run.warn(msg.format(version, CATALOG["version"]))

    def get(self, kind: Kind, object_id: str) -> Object | None:
        """Reads one object; None if there is none."""
        if is_planned(object_id):
            return None
        try:
            return self.client.request("GET", "{0}/{1}".format(kind["path"], urllib.parse.quote(object_id, safe=""))).body
        except ApiError as err:
            if err.status == 404:
                return None
            raise

    def list(self, path: str, query: t.Mapping[str, t.Any]) -> list[Object]:
        """Reads all pages of a list."""
        items: list[Object] = []
        seen: set[str] = set()
        asked = dict({"page_size": PAGE_SIZE}, **query)
        while True:
            page = self.client.request("GET", path, asked).body
            items.extend(page["items"])
            token = page.get("next_page_token")
            if not token:
                return items
            if token in seen:
                raise Failure("cannot list {0}: the server answers the same page again and again".format(path))
            seen.add(token)
            asked["page_token"] = token

    def resolve(self, fields: list[Field], given: dict[str, t.Any], problems: dict[str, str], at: str = "") -> dict[str, t.Any]:
        """Returns what was given with an id in place of every name path; paths that name nothing, or several, are problems."""
        by_name = {field["name"]: field for field in fields}
        return {name: self._resolved_value(by_name[name], value, at + name, problems) for name, value in given.items()}

    def _resolved_value(self, field: Field, value: t.Any, at: str, problems: dict[str, str]) -> t.Any:
        if isinstance(value, str) and field.get("ref"):
            try:
                return self.resolve_path(field["ref"], value)
            except LookupError as err:
                problems[at] = str(err)
                return None
        if isinstance(value, dict) and field["type"] == "object":
            return self.resolve(field["fields"], value, problems, at + ".")
        if isinstance(value, dict):
            return self._resolved_map(field, value, at, problems)
        if isinstance(value, list):
            return [self._resolved_value(field["items"], inner, "{0}.{1}".format(at, index), problems) for index, inner in enumerate(value)]
        return value

    def _resolved_map(self, field: Field, value: dict[str, t.Any], at: str, problems: dict[str, str]) -> dict[str, t.Any]:
        """Its keys are references if the field itself has kinds that it refers to."""
        entries: dict[str, t.Any] = {}
        for key, inner in value.items():
            where = "{0}.{1}".format(at, key)
            if field.get("ref"):
                try:
                    key = self.resolve_path(field["ref"], key)
                except LookupError as err:
                    problems[where] = str(err)
                    continue
                # A check run takes one id for all that an earlier task would make.
                if key in entries and not is_planned(key):
                    problems[where] = "means the same as another key: {0}".format(key)
            entries[key] = self._resolved_value(field["items"], inner, where, problems)
        return entries

    def resolve_path(self, kinds: t.Iterable[str], path: str) -> str:
        """Returns the id of the one object that an id or a path of names means, or the platform. Raises LookupError."""
        if kind_of_id(path) or (path == PLATFORM and PLATFORM in kinds):
            return path
        named = tuple(name for name in kinds if name in KINDS and KINDS[name]["named"])
        if not named:
            raise LookupError('must be an id: "{0}" is none'.format(path))
        if (named, path) not in self._resolved:
            found = [one for name in named for one in self.list(KINDS[name]["path"], {"path": path})]
            if len(found) > 1:
                ids = ", ".join(one["id"] for one in found)
                raise LookupError('"{0}" could be any of {1}: give the id, or a path that begins further up'.format(path, ids))
            if not found:
                self.unknown.append(path)
                kind = any_of([title(name) for name in named])
                if not self.run.check:
                    raise LookupError('names no {0}: there is no "{1}"'.format(kind, path))
                if self.run.params.get("state") != "absent":
                    self.run.warn('there is no {0} "{1}" yet: taken as what an earlier task would make'.format(kind, path))
            self._resolved[(named, path)] = found[0]["id"] if found else planned_id(named[0])
        return self._resolved[(named, path)]

    def wait(self, operation_id: str, doing: str) -> Object | None:
        """Waits for an operation's end, however it ends; None if the server does not know it any more."""
        operation: Object = {}
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                step = ' at "{0}"'.format(operation["current_step"]) if operation.get("current_step") else ""
                msg = "cannot {0}: its operation {1} is still {2}{3} after {4} seconds"
                raise Failure(
                    msg.format(doing, operation_id, operation.get("state", "running"), step, self.run.params["wait_timeout"]), operation_id=operation_id
                )
            poll = max(1, min(LONG_POLL, int(left)))
            asked = time.monotonic()
            try:
                operation = self.client.request("GET", "/operations/" + operation_id, {"wait": "{0}s".format(poll)}, patience=poll).body
            except ApiError as err:
                if err.status == 404:
                    return None
                raise
            if ended(operation):
                return operation
            if time.monotonic() - asked < 0.2:
                time.sleep(0.3)  # a server that does not wait must not be flooded


def ended(operation: Object) -> bool:
    """Whether an operation has come to its end."""
    if operation.get("done") is not None:
        return bool(operation["done"])
    return operation.get("state") in ("succeeded", "failed", "cancelled")


def _is_version(text: str) -> bool:
    return all(part.isdigit() for part in text.split("."))

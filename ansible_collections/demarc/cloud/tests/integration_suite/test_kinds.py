# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of the catalog, from its fixture, through its whole life.

What a check run and its diff say is compared with what the real run then does, at every single step. The tasks run in this process; one
play of all kinds, and the tests that are slow, have a real ansible-playbook run them.
"""

from __future__ import annotations

import datetime
import functools
import json
import os
import pathlib
import re
import typing as t

import pytest
from playbooks import REPOSITORY, ControlPlane, Playbook, Step, run_playbook
from worker import Worker

from ansible_collections.demarc.cloud.plugins.module_utils._fields import KINDS, clearable, is_planned, shown_once, writable

FIXTURES = pathlib.Path(os.environ.get("DEMARC_FIXTURES") or REPOSITORY / "controlplane" / "client" / "catalog" / "fixtures")

MANAGED = [name for name, kind in KINDS.items() if kind["managed"]]

Tasks = t.Union[Playbook, Worker]


@functools.lru_cache(maxsize=None)
def fixture(kind: str) -> dict[str, t.Any]:
    return json.loads((FIXTURES / (kind + ".json")).read_text())


def test_every_managed_kind_has_a_fixture() -> None:
    assert {file.stem for file in FIXTURES.glob("*.json")} >= set(MANAGED) != set()


class Parent(str):
    """The template of a parent's id; and its name, for where Ansible takes no templates."""

    path: str

    @classmethod
    def of(cls, template: str, path: str) -> Parent:
        parent = cls(template)
        parent.path = path
        return parent


class Scene:
    """Makes the tasks of one kind: its parents first, and references to them where the fixture has them.

    Scenes may share the parents that have no particulars.
    """

    def __init__(self, playbook: Tasks, kind: str, unique: str, shared: dict[str, Parent] | None = None) -> None:
        self.playbook = playbook
        self.kind = KINDS[kind]
        self.fixture = fixture(kind)
        self.unique = unique
        self.made: list[tuple[str, Step]] = []
        self.shared: dict[str, Parent] = {} if shared is None else shared
        self.count = 0
        self.parents: dict[str, Parent] = {}
        for label, parent in self.fixture.get("parents", {}).items():
            self.parents[label] = self.parent(label, parent, self.parents)

    def fresh(self) -> str:
        self.count += 1
        return "{0}-{1}".format(self.unique, self.count)

    def parent(self, label: str, parent: dict[str, t.Any], siblings: dict[str, Parent]) -> Parent:
        """Makes or finds a parent, and returns the template of its id. Those without particulars are shared."""
        kind, particulars = KINDS[parent["kind"]], parent.get("set") or {}
        if parent.get("existing"):
            found = self.playbook.add("find " + label, kind["name"] + "_info", {"path": parent["existing"]})
            return Parent.of(self.playbook.returned(found, kind["plural"] + "[0].id"), parent["existing"])
        plain = not particulars and "." not in label
        if plain and kind["name"] in self.shared:
            return self.shared[kind["name"]]
        own = fixture(kind["name"])
        body = {name: value for name, value in own["minimal"].items() if name not in particulars}
        grandparents: dict[str, Parent] = {}
        for name, above in own.get("parents", {}).items():
            if "${" + name + "}" in json.dumps(body):
                grandparents[name] = self.parent(name, above, grandparents)
        unique = self.fresh()
        arguments = dict(fill(body, grandparents, unique), **fill(particulars, siblings, unique))
        step = self.playbook.add("make " + label, kind["name"], arguments)
        self.made.append((kind["name"], step))
        template = Parent.of(self.playbook.returned(step, kind["name"] + ".id"), arguments.get("name", ""))
        if plain:
            self.shared[kind["name"]] = template
        return template

    def body(self, which: str, unique: str) -> dict[str, t.Any]:
        return fill(self.fixture.get(which) or {}, self.parents, unique)

    def step(self, label: str, arguments: t.Mapping[str, t.Any], **keywords: t.Any) -> Step:
        return self.playbook.add(label, self.kind["name"], arguments, **keywords)

    def predicted(self, label: str, arguments: t.Mapping[str, t.Any]) -> tuple[Step, Step, Step]:
        """A check run, the real run, and the real run once more."""
        return self.step(label + ", checked", arguments, check_mode=True), self.step(label, arguments), self.step(label + ", again", arguments)

    def identity(self, body: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """What says in a task which object a body is of."""
        names = [name for name in ["name"] if self.kind["named"]] or self.kind["key"]
        return {name: body[name] for name in names}

    def find(self, label: str, body: t.Mapping[str, t.Any]) -> Step:
        """Reads the object of a body, without its id."""
        return self.read(label, {"path": body["name"]} if self.kind["named"] else self.identity(body))

    def read(self, label: str, arguments: t.Mapping[str, t.Any]) -> Step:
        return self.playbook.add(label, self.kind["name"] + "_info", arguments)

    def clean_up(self) -> list[Step]:
        """Removes the parents, the last one first."""
        own = [(kind, self.playbook.returned(step, kind + ".id")) for kind, step in reversed(self.made)]
        return [self.playbook.add("remove " + kind, kind, {"id": template, "state": "absent"}) for kind, template in own]


def fill(value: t.Any, parents: dict[str, Parent], unique: str) -> t.Any:
    """The fixture's text with references to the parents, with names that are used but once, and with days to come."""

    def text(match: re.Match[str]) -> str:
        label = match.group(1)
        days = re.fullmatch(r"in_(\d+)_days", label)
        if days:
            return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(int(days.group(1)))).strftime("%Y-%m-%dT00:00:00Z")
        return unique if label == "unique" else parents[label]

    if isinstance(value, dict):
        paths = {label: Parent.of(parent.path, parent.path) for label, parent in parents.items()}
        return {fill(name, paths, unique): fill(inner, parents, unique) for name, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, parents, unique) for inner in value]
    return re.sub(r"\$\{([^}]*)\}", text, value) if isinstance(value, str) else value


def succeeded(*steps: Step) -> None:
    for step in steps:
        assert not step.result["failed"], "{0}: {1}".format(step, step.result.get("msg"))


def unchanged(*steps: Step) -> None:
    succeeded(*steps)
    for step in steps:
        assert step.result["changed"] is False, "{0}: {1}".format(step, step.result.get("diff"))


def came_true(kind: dict[str, t.Any], checked: Step, real: Step) -> None:
    """The check run changed nothing, yet knew all that the real run then did."""
    succeeded(checked, real)
    assert (checked.result["changed"], checked.result["diff"]) == (real.result["changed"], real.result["diff"]), str(real)
    predicted, became = checked.result[kind["name"]], real.result[kind["name"]]
    for field in writable(kind):
        if became is not None and not field.get("write_only") and not (field.get("server_default") and real.result["diff"]["before"] == {}):
            assert predicted[field["name"]] == became[field["name"]], "{0}: {1}".format(real, field["name"])


def converged(kind: dict[str, t.Any], steps: tuple[Step, Step, Step]) -> None:
    checked, real, again = steps
    came_true(kind, checked, real)
    assert real.result["changed"] is True, "{0}: nothing changed".format(real)
    unchanged(again)
    if real.result[kind["name"]] is not None:
        assert real.result[kind["name"]].get("state", "active") == "active", str(real)


def secrets(kind: dict[str, t.Any], *bodies: dict[str, t.Any]) -> list[str]:
    names = [field["name"] for field in writable(kind) if field.get("write_only")]
    return [line for body in bodies for name in names for line in str(body.get(name, "")).splitlines() if len(line) > 8]


@pytest.mark.parametrize("name", MANAGED)
def test_the_whole_life_of(name: str, worker: Worker, control_plane: ControlPlane, unique: str) -> None:
    whole_life(name, worker, control_plane, unique)


@pytest.mark.slow
@pytest.mark.parametrize("name", MANAGED)
def test_the_whole_life_in_a_play_of(name: str, playbook: Playbook, control_plane: ControlPlane, unique: str) -> None:
    whole_life(name, playbook, control_plane, unique + "-play")


def whole_life(name: str, playbook: Tasks, control_plane: ControlPlane, unique: str) -> None:
    life = life_of_the_only if KINDS[name].get("singleton") else life_of_many
    life(name, playbook, control_plane, unique)


def life_of_many(name: str, playbook: Tasks, control_plane: ControlPlane, unique: str) -> None:
    scene = Scene(playbook, name, unique)
    kind = scene.kind
    fields = {field["name"]: field for field in writable(kind)}

    small = scene.body("minimal", scene.fresh())
    checked = scene.step("create minimal, checked", small, check_mode=True)
    not_there = scene.find("look between check and create", small)
    created = (checked, scene.step("create minimal", small), scene.step("create minimal, again", small))
    small_id = playbook.returned(created[1], name + ".id")
    by_id = scene.read("read by id", {"id": small_id})
    by_path = scene.find("read without the id", small)

    gone = (
        scene.step("remove, checked", dict(small, state="absent"), check_mode=True),
        scene.read("still there", {"id": small_id}),
        scene.step("remove", dict(small, state="absent")),
        scene.step("remove, again", dict(small, state="absent")),
        scene.step("remove by id, again", {"id": small_id, "state": "absent"}),
        scene.read("gone", {"id": small_id}),
    )

    full = scene.body("full", scene.fresh())
    filled = scene.predicted("create full", full)
    object_id = playbook.returned(filled[1], name + ".id")

    actions = []
    for action in kind.get("actions") or []:
        arguments = {"id": object_id, "action": action["name"]}
        actions.append(playbook.add(action["name"] + ", checked", name + "_action", arguments, check_mode=True))
        actions.append(playbook.add(action["name"], name + "_action", arguments))

    changed_values = scene.body("changed", scene.fresh())
    changes: dict[str, tuple[Step, Step, Step]] = {}
    resent: dict[str, tuple[Step, Step, Step]] = {}
    for field, value in changed_values.items():
        if fields[field].get("write_only"):
            resent[field] = (
                scene.step("leave " + field, {"id": object_id, field: value}),
                scene.step("send " + field, {"id": object_id, field: value, "update_" + field: "always"}),
                scene.step("send " + field + " again", {"id": object_id, field: value, "update_" + field: "always"}),
            )
        elif field != "name":
            changes[field] = scene.predicted("change " + field, {"id": object_id, field: value})

    if kind["named"]:
        renamed = scene.predicted("rename", {"id": object_id, "name": changed_values["name"]})
        back = scene.step("rename back", {"name": full["name"], "previous_name": changed_values["name"]})
        back_again = scene.step("rename back, again", {"name": full["name"], "previous_name": changed_values["name"]})

    cleared: dict[str, tuple[Step, Step, Step]] = {}
    for field in fields.values():
        if clearable(field) and not field.get("immutable") and not field.get("grow_only") and not field.get("write_only"):
            cleared[field["name"]] = scene.predicted("clear " + field["name"], {"id": object_id, field["name"]: None})

    end = scene.step("remove full", {"id": object_id, "state": "absent"})

    wrong = scene.body("minimal", scene.fresh())
    invalid, all_wrong = refusals(scene, wrong)
    never_made = scene.find("nothing was made of what is invalid", wrong)

    removed = scene.clean_up()
    playbook.run()

    succeeded(*[step for unused, step in scene.made])
    converged(kind, created)
    assert is_planned(created[0].result[name]["id"]) and not is_planned(created[1].result[name]["id"])
    succeeded(not_there)
    assert not_there.result[kind["plural"]] == [], "a check run has created something"
    for look in (by_id, by_path):
        succeeded(look)
        assert [one["id"] for one in look.result[kind["plural"]]] == [created[1].result[name]["id"]]

    look_removal, still, done, again, by_id_again, nothing = gone
    came_true(kind, look_removal, done)
    succeeded(still, nothing)
    assert len(still.result[kind["plural"]]) == 1, "a check run has removed something"
    assert done.result["changed"] and done.result[name] is None and nothing.result[kind["plural"]] == []
    unchanged(again, by_id_again)

    converged(kind, filled)
    for step in actions:
        succeeded(step)
        assert step.result["changed"]
    for secret in shown_once(kind):
        showing = (created[1], filled[1], *actions[1::2])
        for step in showing:
            assert step.result[name][secret], "{0}: shows no {1}".format(step, secret)
        for step in (created[0], created[2], filled[0], filled[2], *actions[::2]):
            assert step.result[name][secret] is None, "{0}: shows {1}".format(step, secret)
        assert by_id.result[kind["plural"]][0][secret] is None
        diffs = json.dumps([step.result.get("diff") for step in playbook.steps])
        assert not [step for step in showing if step.result[name][secret] in diffs], "a diff has {0}".format(secret)
    assert set(changed_values) >= {field for field in scene.fixture["full"] if not fields[field].get("immutable")} - {"deletion_protection"}
    for field, steps in changes.items():
        if changed_values[field] == full.get(field):  # a fixture cannot change what has but one value that can be removed again
            unchanged(*steps)
        else:
            converged(kind, steps)
            assert steps[1].result[name][field] != filled[1].result[name][field]
            diff = steps[1].result["diff"]
            assert diff["after"] == {field: steps[1].result[name][field]} != diff["before"]
    for left, sent, sent_again in resent.values():
        unchanged(left)
        succeeded(sent, sent_again)
        assert sent.result["changed"] and sent_again.result["changed"]

    if kind["named"]:
        converged(kind, renamed)
        succeeded(back)
        assert back.result["changed"] and back.result[name]["id"] == filled[1].result[name]["id"]
        unchanged(back_again)

    for field, steps in cleared.items():
        came_true(kind, steps[0], steps[1])
        unchanged(steps[2])
        if fields[field].get("kept"):
            unchanged(*steps)
        elif not fields[field].get("server_default"):
            assert steps[1].result[name][field] == fields[field].get("default"), str(steps[1])
    assert any(steps[1].result["changed"] for steps in cleared.values()) or not cleared

    were_refused(invalid, all_wrong)
    assert never_made.result[kind["plural"]] == []
    succeeded(end, *removed)

    for secret in [control_plane.token] + secrets(kind, full, changed_values):
        assert secret not in playbook.shown, "a secret was shown"


Refusals = t.List[t.Tuple[t.Dict[str, t.Any], Step]]


def refusals(scene: Scene, body: dict[str, t.Any], each: bool = True) -> tuple[Refusals, Step]:
    """A task for each of the fixture's invalid values, if so wanted, and one with all of them."""
    cases = [(case, fill(case["set"], scene.parents, "x")) for case in scene.fixture.get("invalid") or []]
    invalid = [(case, scene.step("invalid: " + case["name"], dict(body, **values), check_mode=False)) for case, values in cases if each]
    everything: dict[str, t.Any] = {}
    for unused, values in cases:
        everything = dict(values, **everything)
    return invalid, scene.step("invalid: everything at once", dict(body, **everything))


def were_refused(invalid: Refusals, all_wrong: Step) -> None:
    seen: set[str] = set()  # what is wrong with the task that has it all, as far as the control plane need not be asked
    taken: set[str] = set()
    for case, step in invalid:
        assert step.result["failed"], "{0}: was accepted".format(step)
        # A key that is a reference is as the task has it, by its name or by its id.
        parts = re.split(r"\$\{[^}]*\}", case["pointer"].strip("/").replace("/", "."))
        path = "[^.]+".join(re.escape(part) for part in parts)
        named = [one for one in step.result["field_errors"] if re.fullmatch(path, one)]
        assert named, "{0}: {1}".format(step, step.result["msg"])
        if "error" not in step.result and not taken & set(case["set"]):
            seen.update(step.result["field_errors"])
        taken.update(case["set"])
    assert all_wrong.result["failed"] and set(all_wrong.result["field_errors"]) >= seen > set()
    assert all_wrong.result["msg"].startswith("cannot create or update ")


def life_of_the_only(name: str, playbook: Tasks, control_plane: ControlPlane, unique: str) -> None:
    scene = Scene(playbook, name, unique)
    kind = scene.kind
    content = [field for field in writable(kind) if field["name"] not in kind["key"]]

    full = scene.body("full", scene.fresh())
    key = scene.identity(full)
    before = scene.find("read what nobody has changed", key)
    small = scene.step("ask for nothing", scene.body("minimal", scene.fresh()))
    checked = scene.step("change, checked", full, check_mode=True)
    untouched = scene.find("read after the check", key)
    changes = [
        (checked, scene.step("change", full), scene.step("change, again", full)),
        scene.predicted("change to something else", dict(scene.body("changed", scene.fresh()), **key)),
    ]
    left = scene.step("leave all", key)
    read = scene.find("read what it is now", key)
    cleared = {field["name"]: scene.predicted("clear " + field["name"], dict(key, **{field["name"]: None})) for field in content if clearable(field)}
    invalid, all_wrong = refusals(scene, key)
    filled = scene.step("change all back", full)
    removed = scene.predicted("put back", dict(key, state="absent"))
    after = scene.find("read what is left", key)
    gone = scene.clean_up()
    playbook.run()

    succeeded(*[step for unused, step in scene.made], before, untouched, read, filled, after)
    assert untouched.result[kind["plural"]] == before.result[kind["plural"]], "a check run has changed something"
    for steps in changes:
        converged(kind, steps)
    unchanged(small, left)
    assert read.result[kind["plural"]] == [left.result[name]] == [changes[1][1].result[name]]
    for field, steps in cleared.items():
        came_true(kind, steps[0], steps[1])
        unchanged(steps[2])
    assert any(steps[1].result["changed"] for steps in cleared.values()) or not cleared
    were_refused(invalid, all_wrong)
    converged(kind, removed)
    for field in content:
        assert after.result[kind["plural"]][0][field["name"]] == before.result[kind["plural"]][0][field["name"]]
    succeeded(*gone)
    assert control_plane.token not in playbook.shown


def test_every_kind_in_one_play(playbook: Playbook, control_plane: ControlPlane, unique: str) -> None:
    """What only a real play shows: that Ansible finds, runs, checks and renders the tasks of every kind; in one process for all of them."""
    shared: dict[str, Parent] = {}
    scenes = [Scene(playbook, name, "{0}-all{1}".format(unique, number), shared) for number, name in enumerate(MANAGED)]
    lives = [in_a_play(scene) for scene in scenes]
    for life in lives:
        next(life)
    removed = [step for scene in reversed(scenes) for step in scene.clean_up()]
    playbook.run()
    for scene, life in zip(scenes, lives):
        succeeded(*[step for unused, step in scene.made])
        next(life, None)
    succeeded(*removed)
    hidden = [secret for scene in scenes for secret in secrets(scene.kind, scene.body("full", "x"), scene.body("changed", "x"))]
    for secret in [control_plane.token] + hidden:
        assert secret not in playbook.shown, "a secret was shown"


def in_a_play(scene: Scene) -> t.Iterator[None]:
    """Adds the tasks of a short life, and judges them after the play."""
    kind, name = scene.kind, scene.kind["name"]
    fields = {field["name"]: field for field in writable(kind)}
    full = scene.body("full", scene.fresh())
    changed = {field: value for field, value in scene.body("changed", scene.fresh()).items() if field != "name" and not fields[field].get("write_only")}
    if kind.get("singleton"):
        which, steps = scene.identity(full), [scene.predicted("change", full)]
    else:
        steps = [scene.predicted("create", full)]
        which = {"id": scene.playbook.returned(steps[0][1], name + ".id")}
    if changed:
        steps.append(scene.predicted("change all", dict(changed, **which)))
    read = scene.read("read", scene.identity(full) if kind.get("singleton") else which)
    unused, all_wrong = refusals(scene, scene.body("minimal", scene.fresh()), each=False)
    steps.append(scene.predicted("remove", dict(which, state="absent")))
    yield
    for one in steps:
        converged(kind, one)
    assert read.result[kind["plural"]] == [steps[-2][2].result[name]]
    assert all_wrong.result["failed"] and all_wrong.result["field_errors"]


def test_a_token_is_passed_on_without_being_shown(playbook: Playbook, unique: str) -> None:
    scene = Scene(playbook, "api_token", unique + "-secret")

    def works(label: str, secret: Step) -> Step:
        return playbook.add(label, "api", {"path": "/whoami", "token": playbook.returned(secret, "api_token.token")})

    made = scene.step("make", scene.body("minimal", scene.fresh()), no_log=True)
    token_id = playbook.returned(made, "api_token.id")
    first = works("use", made)
    rotated = playbook.add("rotate", "api_token_action", {"id": token_id, "action": "rotate", "overlap_seconds": 0}, no_log=True)
    old, new = works("use the old one", made), works("use the new one", rotated)
    gone = scene.step("remove", {"id": token_id, "state": "absent"})
    revoked = works("use what is removed", rotated)
    removed = scene.clean_up()
    playbook.run()

    succeeded(made, first, rotated, new, gone, *removed)
    for step in (first, new):
        assert step.result["body"]["principal"]["kind"] == "service_account"
    for step in (old, revoked):
        assert step.result["failed"] and step.result["error"]["status"] == 401, str(step)
    assert "censored" in made.result and "censored" in rotated.result
    assert "dmc_" not in playbook.shown, "a token was shown"


def test_a_task_with_async_runs_the_module_itself(playbook: Playbook, control_plane: ControlPlane, unique: str) -> None:
    scene = Scene(playbook, "virtual_machine", unique + "-async")
    body = scene.body("full", scene.fresh())
    keywords = {"async": 120, "poll": 1}
    created = scene.step("create", body, **keywords)
    again = scene.step("again", body, **keywords)
    cleared = scene.step("clear", {"id": playbook.returned(created, "virtual_machine.id"), "notes": None, "power_state": None}, **keywords)
    wrong = scene.step("wrong", dict(body, vcpus="two", memory_mib=1, planet="Mars"), **keywords)
    gone = scene.step("remove", dict(body, state="absent"), **keywords)
    removed = scene.clean_up()
    playbook.run()

    succeeded(*[step for unused, step in scene.made], created, cleared, gone, *removed)
    for step in (created, again, cleared, gone):
        assert "ansible_job_id" in step.result, "{0}: did not run as a module".format(step)
    assert created.result["changed"] and created.result["virtual_machine"]["state"] == "active"
    assert created.result["diff"]["before"] == {}
    unchanged(again)
    assert cleared.result["changed"] and cleared.result["virtual_machine"]["notes"] is None
    assert set(wrong.result["field_errors"]) == {"vcpus", "memory_mib", "planet"}
    for secret in [control_plane.token] + secrets(scene.kind, body):
        assert secret not in playbook.shown


def test_tasks_take_their_connection_from_where_ansible_has_it(playbook: Playbook, control_plane: ControlPlane, tmp_path: pathlib.Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(control_plane.token + "\n")
    path = {"path": "local"}
    steps = [
        playbook.add("from the environment of the process", "location_info", path),
        playbook.add("from options", "location_info", dict(path, endpoint=control_plane.endpoint, token_file=str(token_file))),
        playbook.add("from the task's environment", "location_info", path, environment={"DEMARC_ENDPOINT": control_plane.endpoint}),
        playbook.add("from defaults", "location_info", path, module_defaults={"group/demarc.cloud.all": {"timeout": 7, "retries": 1}}),
    ]
    wrong = playbook.add("the task's environment is meant", "location_info", dict(path, retries=0), environment={"DEMARC_ENDPOINT": "http://127.0.0.1:1"})
    as_module = playbook.add("as a module", "location_info", path, environment={"DEMARC_ENDPOINT": control_plane.endpoint}, **{"async": 60, "poll": 1})
    denied = playbook.add("a wrong token", "location_info", dict(path, token="dmc_not-a-token-at-all"))
    playbook.run()

    succeeded(*steps, as_module)
    for step in [*steps, as_module]:
        assert [one["name"] for one in step.result["locations"]] == ["local"]
    assert steps[3].result["invocation"]["module_args"]["timeout"] == 7
    assert wrong.result["failed"] and wrong.result["error"]["code"] == "unreachable"
    assert denied.result["failed"] and denied.result["error"]["status"] == 401 and "dmc_not-a-token" not in playbook.output


def test_operations_and_requests(playbook: Playbook, unique: str) -> None:
    scene = Scene(playbook, "cloudspace", unique + "-ops")
    body = scene.body("minimal", scene.fresh())
    started = scene.step("start", dict(body, wait=False))
    waited = scene.step("wait for it", body)
    operations = playbook.add("its operations", "operation_info", {"target_id": playbook.returned(started, "cloudspace.id")})
    raw = playbook.add("raw", "api", {"path": "/cloudspaces", "query": {"path": body["name"]}})
    dry = playbook.add("raw, checked", "api", {"method": "DELETE", "path": "/cloudspaces/" + playbook.returned(started, "cloudspace.id")}, check_mode=True)
    pages = playbook.add("all pages", "api", {"path": "/locations", "query": {"page_size": 1}, "all_pages": True})
    gone = playbook.add("raw delete", "api", {"method": "DELETE", "path": "/cloudspaces/" + playbook.returned(started, "cloudspace.id")})
    again = playbook.add("raw delete, again", "api", {"method": "DELETE", "path": "/cloudspaces/" + playbook.returned(started, "cloudspace.id")})
    removed = scene.clean_up()
    playbook.run()

    succeeded(started, waited, operations, raw, dry, pages, gone, *removed)
    assert started.result["changed"] and started.result["operation_id"].startswith("op_")
    assert waited.result["changed"] is False and waited.result["cloudspace"]["state"] == "active"
    assert started.result["operation_id"] in [one["id"] for one in operations.result["operations"]]
    assert [one["id"] for one in raw.result["body"]["items"]] == [waited.result["cloudspace"]["id"]]
    assert dry.result["changed"] and gone.result["changed"]
    assert "local" in [one["name"] for one in pages.result["body"]["items"]]
    assert again.result["failed"] and again.result["error"]["status"] == 404


def test_the_quickstart(control_plane: ControlPlane, tmp_path: pathlib.Path) -> None:
    book = REPOSITORY / "examples" / "quickstart" / "playbook.yml"

    def results(*arguments: str) -> list[dict[str, t.Any]]:
        run_playbook(control_plane, book, tmp_path, *arguments)
        return [json.loads(line)["result"] for line in (tmp_path / "results").read_text().splitlines()]

    def changes(recorded: list[dict[str, t.Any]]) -> list[bool]:
        return [one["changed"] for one in recorded]

    try:
        checked, first, second = results("--check"), results(), results()
        writes = changes(checked)[:5]
        assert writes == changes(first)[:5] and all(writes[1:])
        assert not any(changes(second))
        assert any("app1" in str(one.get("results")) for one in second)
    finally:
        removed = changes(results("-e", "state=absent"))
    assert removed == [True] * 4

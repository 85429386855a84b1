# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks made of steps, run by a real ansible-playbook, and what came of every step."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import typing as t

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[4]


class ControlPlane(t.NamedTuple):
    endpoint: str
    token: str


class Step:
    """A task of a playbook, and what came of it."""

    def __init__(self, name: str, task: dict[str, t.Any]) -> None:
        self.name = name
        self.task = task
        self.recorded: dict[str, t.Any] | None = None

    @property
    def result(self) -> dict[str, t.Any]:
        assert self.recorded is not None, "{0}: did not run".format(self.name)
        return self.recorded

    def __repr__(self) -> str:
        return self.name


class Playbook:
    """A list of steps, run by one ansible-playbook. Each step is registered as its variable."""

    def __init__(self, control_plane: ControlPlane, folder: pathlib.Path) -> None:
        self.control_plane = control_plane
        self.folder = folder
        self.steps: list[Step] = []
        self.output = ""

    def add(self, label: str, module: str, arguments: t.Mapping[str, t.Any], **keywords: t.Any) -> Step:
        """Adds a task; keywords are the task's own, such as check_mode. Every task may fail: the tests judge the results."""
        step = Step("{0:03d} {1}".format(len(self.steps), label), {})
        step.task = dict({"name": step.name, "demarc.cloud." + module: dict(arguments), "register": self.variable(len(self.steps))}, **keywords)
        step.task.setdefault("ignore_errors", True)
        self.steps.append(step)
        return step

    @staticmethod
    def variable(number: int) -> str:
        return "step{0}".format(number)

    def returned(self, step: Step, path: str) -> str:
        """A template of something that a step returned."""
        return "{{ " + self.variable(self.steps.index(step)) + "." + path + " }}"

    @property
    def shown(self) -> str:
        """Everything that a user could see: what was printed, and what was returned."""
        return self.output + (self.folder / "results").read_text()

    def run(self) -> None:
        """Runs all steps as verbosely as it gets, so that the tests can look for secrets in what is shown."""
        play = [{"hosts": "localhost", "gather_facts": False, "tasks": [step.task for step in self.steps]}]
        file = self.folder / "playbook.json"
        file.write_text(json.dumps(play, indent=1))
        self.output = run_playbook(self.control_plane, file, self.folder, "-vvv", "--diff")
        recorded = {one["task"]: one["result"] for one in map(json.loads, (self.folder / "results").read_text().splitlines())}
        for step in self.steps:
            step.recorded = recorded.get(step.name)


def run_playbook(control_plane: ControlPlane, file: pathlib.Path, folder: pathlib.Path, *arguments: str, **variables: str) -> str:
    """Runs a playbook and returns what it printed. The token comes from the environment, as a pipeline would have it."""
    command = os.environ.get("ANSIBLE_PLAYBOOK") or shutil.which("ansible-playbook") or "ansible-playbook"
    results = folder / "results"
    results.unlink(missing_ok=True)
    results.touch()
    config = folder / "ansible.cfg"
    config.touch()
    inventory = folder / "hosts"  # empty: localhost is then the machine that Ansible runs on
    inventory.touch()
    environment = dict(
        os.environ,
        DEMARC_ENDPOINT=control_plane.endpoint,
        DEMARC_TOKEN=control_plane.token,
        RECORDER_FILE=str(results),
        ANSIBLE_COLLECTIONS_PATH=str(REPOSITORY),
        ANSIBLE_CALLBACK_PLUGINS=str(HERE / "callback_plugins"),
        ANSIBLE_CALLBACKS_ENABLED="recorder",
        ANSIBLE_CONFIG=str(config),
        ANSIBLE_HOME=str(folder / "ansible"),
        ANSIBLE_ASYNC_DIR=str(folder / "async"),
        ANSIBLE_NOCOLOR="1",
        **variables,
    )
    for name in ("DEMARC_TOKEN_FILE", "DEMARC_CA_FILE"):
        environment.pop(name, None)
    done = subprocess.run(
        [command, "-i", str(inventory), str(file), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout

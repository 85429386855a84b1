# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks run one by one in this process by the collection's action plugin, as Ansible's worker does, without an Ansible around it.

A kind takes a hundred tasks; what is between a task in a play and the plugin is the same for all of them.
"""

from __future__ import annotations

import json
import re
import types
import typing as t

from playbooks import Step

from ansible_collections.demarc.cloud.plugins.action.api import ActionModule


class Worker:
    """Takes the steps that a Playbook takes, and runs each when it is added."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def add(self, label: str, module: str, arguments: t.Mapping[str, t.Any], check_mode: bool = False) -> Step:
        """Runs a task. It may fail: the tests judge the results."""
        task = types.SimpleNamespace(action="demarc.cloud." + module, args=dict(arguments), check_mode=check_mode, diff=True, async_val=0, environment=[])
        connection = types.SimpleNamespace(transport="local", _shell=types.SimpleNamespace(tmpdir=None))
        plugin = ActionModule(task, connection, types.SimpleNamespace(become=False), None, None, None)
        returned = plugin.run(task_vars={})
        step = Step("{0:03d} {1}".format(len(self.steps), label), {})
        step.recorded = dict(returned, failed=returned.get("failed", False))
        self.steps.append(step)
        return step

    @staticmethod
    def returned(step: Step, path: str) -> str:
        """Something that a step returned."""
        value: t.Any = step.result
        for name, index in re.findall(r"(\w+)|\[(\d+)\]", path):
            assert not step.result["failed"], "{0}: {1}".format(step, step.result.get("msg"))
            value = value[name] if name else value[int(index)]
        return value

    def run(self) -> None:
        """All steps have run."""

    @property
    def shown(self) -> str:
        """Everything that a user could see."""
        return json.dumps([step.recorded for step in self.steps], default=str)

# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front of the modules when they run as modules: with async, on another machine, or with become.

Otherwise the action plugin runs the same tasks without starting a process.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.ansible_release import __version__ as ansible_version
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.demarc.cloud.plugins.module_utils import _engine, _session


class Module(AnsibleModule):
    """An AnsibleModule that keeps the arguments as they were written, where null is not the same as absent."""

    def __init__(self, task: _engine.Task) -> None:
        self.task = task
        self.prepared = task.prepare({})
        super().__init__(supports_check_mode=True, **task.spec())

    def _load_params(self) -> None:
        super()._load_params()
        internal = {name: value for name, value in self.params.items() if name.startswith("_ansible_")}
        self.prepared = self.task.prepare({name: value for name, value in self.params.items() if name not in internal})
        self.no_log_values.update(self.prepared.secrets)
        self.params = dict(internal, **self.prepared.params)

    def run(self) -> t.NoReturn:
        """Runs the task and ends the process."""
        outcome: dict[str, t.Any] = {}
        failed = None
        try:
            if self.prepared.problems:
                raise _session.refused(self.task.doing(self.params, self.prepared.given), self.prepared.problems)
            explicit = frozenset(self.prepared.params)
            outcome = self.task.run(
                _session.Run(self.params, self.prepared.given, explicit, self.no_log_values, self.check_mode, self.warn, ansible_version)
            )
        except _session.Failure as err:
            failed = err
        if failed is not None:  # not in the except clause, where Ansible would add a traceback to a plain refusal
            self.fail_json(msg=failed.msg, **failed.returned)
        if not self._diff:
            outcome.pop("diff", None)
        self.exit_json(**outcome)


def run(name: str) -> None:
    """Runs the module of this name."""
    Module(_engine.task(name)).run()

# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every module of this collection in Ansible's worker, where no Python has to be started and connections are kept.

meta/runtime.yml sends all modules here. Where a task must run elsewhere (async, another machine, another user), the module of
the same name runs as any module does.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.ansible_release import __version__ as ansible_version
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

from ansible_collections.demarc.cloud.plugins.module_utils import _engine, _options, _session


class ActionModule(ActionBase):
    """The action plugin; which module it stands for is the task's action."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        del tmp
        action = self._task.action  # as the user wrote it; what it resolves to is this plugin in some versions of Ansible
        if self._task.async_val or self._connection.transport != "local" or self._play_context.become:
            result.update(self._execute_module(module_name=action, task_vars=task_vars, wrap_async=self._task.async_val))
            return result

        task = _engine.task(action.split(".")[-1])
        prepared = task.prepare(self._arguments(task))
        spec = task.spec()
        validated = ArgumentSpecValidator(spec.pop("argument_spec"), **spec).validate(prepared.params)
        secrets = prepared.secrets | validated._no_log_values
        params = validated.validated_parameters
        warnings: list[str] = []
        try:
            if prepared.problems:
                raise _session.refused(task.doing(params, prepared.given), prepared.problems)
            if validated.error_messages:
                raise _session.Failure("; ".join(validated.error_messages))
            explicit = frozenset(name for name, value in self._task.args.items() if value is not None)
            run = _session.Run(params, prepared.given, explicit, secrets, self._task.check_mode, warnings.append, ansible_version)
            outcome = task.run(run)
        except _session.Failure as err:
            outcome = dict(err.returned, failed=True, changed=False, msg=err.msg)
        if not self._task.diff:
            outcome.pop("diff", None)
        if warnings:
            outcome["warnings"] = warnings
        outcome["invocation"] = {"module_args": params}
        result.update(remove_values(outcome, secrets))
        return result

    def _arguments(self, task: _engine.Task) -> dict[str, t.Any]:
        """The task's arguments, and those that its own environment stands in for: a module would see it, this process does not."""
        arguments = dict(self._task.args)
        for layer in self._task.environment or []:
            layer = self._templar.template(layer) or {}
            if not isinstance(layer, dict):
                raise AnsibleError("environment must be a dictionary")
            for option, variable in _options.ENVIRONMENT.items():
                if variable in layer and option in task.control and option not in self._task.args:
                    arguments[option] = layer[variable]
        return arguments

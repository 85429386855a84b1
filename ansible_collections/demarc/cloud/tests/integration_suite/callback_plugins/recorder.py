# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes every task's result to a file, one JSON document a line, for the tests to look at."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: recorder
type: notification
short_description: Record the results of all tasks
description:
  - Writes every result to the file that E(RECORDER_FILE) names.
requirements:
  - to be enabled
"""


class CallbackModule(CallbackBase):
    """Knows tasks by their names."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, result: t.Any, failed: bool) -> None:
        returned = dict(getattr(result, "result", None) or result._result, failed=failed)
        task = getattr(result, "task", None) or result._task
        with open(os.environ["RECORDER_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps({"task": task.get_name(), "result": returned}, default=str) + "\n")

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._record(result, False)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._record(result, True)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._record(result, True)

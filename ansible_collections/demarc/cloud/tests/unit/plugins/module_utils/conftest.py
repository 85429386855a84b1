# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane of its own for every test, and tasks that run against it as the two fronts run them."""

from __future__ import annotations

import functools
import threading
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.demarc.cloud.plugins.module_utils import _client, _engine, _session
from ansible_collections.demarc.cloud.tests.unit.plugins.module_utils.contract_server import TOKEN, ContractServer

NOWHERE = {"DEMARC_ENDPOINT", "DEMARC_TOKEN", "DEMARC_TOKEN_FILE", "DEMARC_CA_FILE"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NOWHERE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(name="server")
def _server() -> t.Iterator[ContractServer]:
    server = ContractServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(name="pauses")
def _pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which take no time."""
    pauses: list[float] = []
    monkeypatch.setattr(_session, "Client", functools.partial(_client.Client, sleep=pauses.append))
    return pauses


class Ansible:
    """Runs tasks: what is given is the task's arguments as written."""

    def __init__(self, server: ContractServer) -> None:
        self.server = server
        self.warnings: list[str] = []
        self.check = False

    def run(self, module: str, **arguments: t.Any) -> dict[str, t.Any]:
        """The result of a task that succeeds."""
        task = _engine.task(module)
        prepared = task.prepare(dict({"endpoint": self.server.endpoint, "token": TOKEN, "timeout": 5}, **arguments))
        spec = task.spec()
        validated = ArgumentSpecValidator(spec.pop("argument_spec"), **spec).validate(prepared.params)
        params = validated.validated_parameters
        if prepared.problems:
            raise _session.refused(task.doing(params, prepared.given), prepared.problems)
        assert not validated.error_messages
        explicit = frozenset(name for name, value in arguments.items() if value is not None)
        run = _session.Run(params, prepared.given, explicit, set(), self.check, self.warnings.append, "2.19.0")
        return task.run(run)

    def predict(self, module: str, **arguments: t.Any) -> dict[str, t.Any]:
        """The result of a check run, which must not leave anything behind."""
        before = repr(self.server.store.objects)
        self.check = True
        try:
            return self.run(module, **arguments)
        finally:
            self.check = False
            assert repr(self.server.store.objects) == before

    def fails(self, module: str, **arguments: t.Any) -> _session.Failure:
        """The failure of a task that fails."""
        with pytest.raises(_session.Failure) as caught:
            self.run(module, **arguments)
        return caught.value


@pytest.fixture(name="ansible")
def _ansible(server: ContractServer, pauses: list[float]) -> Ansible:
    return Ansible(server)

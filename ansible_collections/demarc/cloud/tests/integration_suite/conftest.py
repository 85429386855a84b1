# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real control plane; tasks run against it in this process, and playbooks by a real ansible-playbook.

The control plane is the one that DEMARC_ENDPOINT and DEMARC_TOKEN name; without them one is started: the binary that
DEMARC_TEST_SERVER_BIN names, or one that is built from this repository. ansible-playbook is ANSIBLE_PLAYBOOK or in the PATH.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t
import uuid

import pytest
from playbooks import REPOSITORY, ControlPlane, Playbook

if importlib.util.find_spec("ansible_collections") is None:
    sys.path.insert(0, str(REPOSITORY))

from worker import Worker  # pylint: disable=wrong-import-position

START_TIMEOUT = 180


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: what the other tests show at less cost, once more with an ansible-playbook for each kind")


@pytest.fixture(name="control_plane", scope="session")
def _control_plane(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[ControlPlane]:
    if os.environ.get("DEMARC_ENDPOINT"):
        yield ControlPlane(os.environ["DEMARC_ENDPOINT"], os.environ["DEMARC_TOKEN"])
        return
    binary = os.environ.get("DEMARC_TEST_SERVER_BIN")
    if not binary:
        binary = str(tmp_path_factory.mktemp("bin") / "demarc-server")
        subprocess.run(["go", "build", "-o", binary, "./controlplane/cmd/demarc-server"], cwd=REPOSITORY, check=True)
    # As root the server runs its database as another user, who must be able to reach the folder.
    data = tmp_path_factory.mktemp("data")
    for folder in (data, *data.parents):
        if folder.stat().st_uid == os.getuid() and folder != pathlib.Path("/") and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DEMARC_")}
    # One principal asks more of it here than any user may; and the simulated machines need not take their time.
    environment.update(DEMARC_RATE_LIMIT_PRINCIPAL="0", DEMARC_RATE_LIMIT_ADDRESS="0", DEMARC_SIMULATED_LATENCY="0", DEMARC_CHECK_ANSWERS="true")
    log = data / "server.log"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(data / "d")],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _ready(server, data / "d", log)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _ready(server: subprocess.Popen[bytes], data: pathlib.Path, log: pathlib.Path) -> ControlPlane:
    deadline = time.monotonic() + START_TIMEOUT
    endpoint = data / "endpoint"
    while not (endpoint.exists() and endpoint.read_text().strip()):
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail("the control plane did not start:\n" + log.read_text()[-4000:])
        time.sleep(0.05)
    return ControlPlane(endpoint.read_text().strip(), (data / "bootstrap-token").read_text().strip())


@pytest.fixture(name="playbook")
def _playbook(control_plane: ControlPlane, tmp_path: pathlib.Path) -> Playbook:
    return Playbook(control_plane, tmp_path)


@pytest.fixture(name="worker")
def _worker(control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Worker:
    for name in [name for name in os.environ if name.startswith("DEMARC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DEMARC_ENDPOINT", control_plane.endpoint)
    monkeypatch.setenv("DEMARC_TOKEN", control_plane.token)
    return Worker()


@pytest.fixture(name="unique", scope="session")
def _unique() -> str:
    """Makes the names of this run different from those of any other."""
    return uuid.uuid4().hex[:8]

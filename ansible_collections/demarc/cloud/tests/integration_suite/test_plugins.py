# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory and the lookup, with machines that are really there."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import typing as t

import pytest
from playbooks import REPOSITORY, ControlPlane, Playbook


@pytest.fixture(name="machines")
def _machines(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory, unique: str) -> t.Iterator[str]:
    """The name of a customer with two cloudspaces, that both have a machine called vm1; one of them has a vm2."""
    customer = "inv-" + unique
    tree = [("web", "vm1", {"env": "prod"}), ("web", "vm2", {"env": "test"}), ("db", "vm1", {"env": "prod"})]
    making = Playbook(control_plane, tmp_path_factory.mktemp("make"))
    making.add("customer", "customer", {"name": customer, "billing_entity_id": "operator", "email": "ops@example.com"}, ignore_errors=False)
    for space in ("web", "db"):
        making.add(space, "cloudspace", {"name": space, "customer_id": customer, "location_id": "local"}, ignore_errors=False)
    for space, name, labels in tree:
        body = {"name": name, "cloudspace_id": customer + "/" + space, "image_id": "debian-12", "vcpus": 1, "memory_mib": 512, "labels": labels}
        making.add(space + " " + name, "virtual_machine", body, ignore_errors=False)
    making.run()
    yield customer
    removing = Playbook(control_plane, tmp_path_factory.mktemp("remove"))
    for space, name, labels in tree:
        removing.add("remove " + space + name, "virtual_machine", {"name": name, "cloudspace_id": customer + "/" + space, "state": "absent"})
    for space in ("web", "db"):
        removing.add("remove " + space, "cloudspace", {"name": space, "customer_id": customer, "state": "absent"})
    removing.add("remove customer", "customer", {"name": customer, "state": "absent"})
    removing.run()
    for step in removing.steps:
        assert not step.result["failed"], step.result["msg"]


def inventory(control_plane: ControlPlane, folder: pathlib.Path, **options: t.Any) -> subprocess.CompletedProcess[str]:
    """What ansible-inventory makes of the plugin's options."""
    file = folder / "demarc.yml"
    file.write_text(json.dumps(dict({"plugin": "demarc.cloud.inventory"}, **options)))
    playbook = os.environ.get("ANSIBLE_PLAYBOOK") or shutil.which("ansible-playbook") or "ansible-playbook"
    environment = dict(os.environ, DEMARC_ENDPOINT=control_plane.endpoint, DEMARC_TOKEN=control_plane.token)
    environment.update(ANSIBLE_COLLECTIONS_PATH=str(REPOSITORY), ANSIBLE_HOME=str(folder / "ansible"), ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="1")
    command = str(pathlib.Path(playbook).with_name("ansible-inventory"))
    return subprocess.run([command, "-i", str(file), "--list"], env=environment, capture_output=True, text=True, check=False, cwd=folder)


def read(done: subprocess.CompletedProcess[str]) -> t.Any:
    """The inventory; Ansible marks texts that are no templates, which makes no difference here."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, object_hook=lambda one: one.get("__ansible_unsafe", one))


def test_machines_are_hosts(control_plane: ControlPlane, machines: str, tmp_path: pathlib.Path, playbook: Playbook) -> None:
    grouped = {"keyed_groups": [{"key": "demarc_labels.env", "prefix": "env"}], "compose": {"short": "demarc_name | upper"}}
    cached = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    done = inventory(control_plane, tmp_path, customer_id=machines, **grouped, **cached)
    found = read(done)
    hosts = {"vm1.web." + machines, "vm2.web." + machines, "vm1.db." + machines}
    assert set(found["_meta"]["hostvars"]) == hosts
    assert set(found["env_prod"]["hosts"]) == {"vm1.web." + machines, "vm1.db." + machines}
    host = found["_meta"]["hostvars"]["vm2.web." + machines]
    assert host["ansible_host"] == host["demarc_ip_address"] and host["short"] == "VM2"
    assert (host["demarc_cloudspace"], host["demarc_customer"], host["demarc_labels"]) == ("web", machines, {"env": "test"})
    assert control_plane.token not in done.stdout + done.stderr

    # From the cache, without a control plane, in other groups.
    nowhere = ControlPlane("http://127.0.0.1:1", "none")
    again = inventory(nowhere, tmp_path, customer_id=machines, groups={"small": "demarc_vcpus == 1"}, **cached)
    assert set(read(again)["small"]["hosts"]) == hosts

    short = inventory(control_plane, tmp_path, cloudspace_id=machines + "/web", label="env=prod", power_state=["running", "stopped"], hostname="name")
    assert set(read(short)["_meta"]["hostvars"]) == {"vm1"}
    for options, reason in (
        ({"customer_id": machines, "hostname": "name"}, "would both be called vm1: set hostname to full_name"),
        ({"cloudspace_id": "nowhere/at-all"}, 'names no cloudspace: there is no "nowhere/at-all"'),
        ({"token": "dmc_wrong-token"}, "cannot read the inventory"),
    ):
        failed = inventory(control_plane, tmp_path, **options)
        assert failed.returncode != 0 and reason in " ".join(failed.stderr.split()), failed.stderr

    path = machines + "/web/vm2"
    call = "lookup('demarc.cloud.object', '{0}', kind='virtual_machine')"
    by_path = playbook.add("by path", "virtual_machine_info", {"id": "{{ " + call.format(path) + ".id }}"})
    by_id = playbook.add("by id", "virtual_machine_info", {"path": "{{ lookup('demarc.cloud.object', step0.virtual_machines[0].id).name }}"})
    several = playbook.add("several", "virtual_machine_info", {"id": "{{ " + call.format("vm1") + ".id }}"})
    nothing = playbook.add("nothing", "virtual_machine_info", {"id": "{{ " + call.format("vm9") + ".id }}"})
    policy = "lookup('demarc.cloud.object', '{0}', kind='policy').scope_id".format(machines)
    only = playbook.add("whose it is", "customer_info", {"id": "{{ " + policy + " }}"})
    platform = playbook.add("of the platform", "policy_info", {"scope_id": "{{ " + policy.replace(machines, "platform") + " }}"})
    unnamed = playbook.add("no name", "role_binding_info", {"id": "{{ lookup('demarc.cloud.object', 'mine', kind='role_binding').id }}"})
    unknown = playbook.add("no kind", "virtual_machine_info", {"id": "{{ lookup('demarc.cloud.object', 'vm1').id }}"})
    playbook.run()
    assert [one["name"] for one in by_path.result["virtual_machines"]] == ["vm2"]
    assert "vm2" in [one["name"] for one in by_id.result["virtual_machines"]]
    assert [one["name"] for one in only.result["customers"]] == [machines]
    assert [one["scope_id"] for one in platform.result["policies"]] == ["platform"]
    refused = ((several, "could be any of vm_"), (nothing, 'there is no "vm9"'), (unnamed, "must be an id"), (unknown, "kind must be one of"))
    for step, reason in refused:
        assert step.result["failed"] and reason in step.result["msg"], step.result

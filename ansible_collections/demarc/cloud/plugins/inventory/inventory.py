# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of virtual machines. What is cached is what the control plane answered; groups are made anew from it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: inventory
short_description: Virtual machines as hosts
version_added: 1.0.0
author:
  - Demarc authors (@demarc)
description:
  - Reads virtual machines from the control plane.
  - Every field of a machine is a variable of its host, with C(demarc_) before its name, such as C(demarc_labels).
    The names of its cloudspace and customer are C(demarc_cloudspace) and C(demarc_customer).
  - The file has a name that ends in V(demarc.yml) or V(demarc.yaml).
extends_documentation_fragment:
  - demarc.cloud.connection.plugin
  - constructed
  - inventory_cache
options:
  plugin:
    description:
      - Says that the file is for this plugin.
    type: str
    required: true
    choices:
      - demarc.cloud.inventory
  cloudspace_id:
    description:
      - Only machines in this cloudspace, by its id, name or path of names.
    type: str
  customer_id:
    description:
      - Only machines of this customer, by its id, name or path of names.
    type: str
  power_state:
    description:
      - Only machines that are to be in one of these power states.
    type: list
    elements: str
    choices:
      - running
      - stopped
  label:
    description:
      - A selector of labels, such as V(env=prod,tier!=db).
    type: str
  hostname:
    description:
      - What hosts are called.
      - V(full_name) is the names of machine, cloudspace and customer, such as V(vm1.web.acme).
      - V(name) is the machine's name alone; that two machines have it is an error.
    type: str
    choices:
      - full_name
      - name
      - id
    default: full_name
"""

EXAMPLES = r"""
---
# All machines, grouped by their label "env" and by their state: inventory/demarc.yml
plugin: demarc.cloud.inventory
keyed_groups:
  - key: demarc_labels.env
    prefix: env
  - key: demarc_power_state
    prefix: power

---
# The machines of one customer, under their short names, as an administrator
plugin: demarc.cloud.inventory
customer_id: acme
hostname: name
compose:
  ansible_user: "'admin'"
groups:
  databases: "'db' in demarc_name"
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: .cache/inventory
"""

import typing as t

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.display import Display

from ansible_collections.demarc.cloud.plugins.module_utils._client import ApiError, Unreachable
from ansible_collections.demarc.cloud.plugins.module_utils._fields import KINDS
from ansible_collections.demarc.cloud.plugins.module_utils._session import Failure, Object, Session, failure
from ansible_collections.demarc.cloud.plugins.plugin_utils._connection import connect

# What is read, by kind: machines, and what their hosts' names are made of.
Rows = t.Dict[str, t.List[Object]]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The inventory plugin."""

    NAME = "demarc.cloud.inventory"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith(("demarc.yml", "demarc.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        key = self.get_cache_key(path)
        rows: Rows | None = None
        caching = self.get_option("cache")
        if caching and cache:
            try:
                rows = self._cache[key]
            except KeyError:
                pass
        if rows is None:
            rows = self._read()
            if caching:
                self._cache[key] = rows
        self._populate(rows)

    def _read(self) -> Rows:
        doing = "read the inventory"
        try:
            session = connect(self.get_option, Display().warning)
            query = self._query(session)
            rows = {"virtual_machine": session.list(KINDS["virtual_machine"]["path"], query)}
            for kind in ("cloudspace", "customer"):
                rows[kind] = session.list(KINDS[kind]["path"], {}) if rows["virtual_machine"] else []
            session.check_version()
            return rows
        except (ApiError, Unreachable) as err:
            raise AnsibleParserError(failure(doing, err).msg) from err
        except LookupError as err:
            raise AnsibleParserError("cannot {0}: {1}".format(doing, err)) from err
        except Failure as err:
            raise AnsibleParserError("cannot {0}: {1}".format(doing, err.msg)) from err

    def _query(self, session: Session) -> dict[str, t.Any]:
        query = {}
        for option, kind in (("cloudspace_id", "cloudspace"), ("customer_id", "customer")):
            if self.get_option(option):
                query[option] = session.resolve_path([kind], self.get_option(option))
        for option in ("power_state", "label"):
            if self.get_option(option):
                query[option] = self.get_option(option)
        return query

    def _populate(self, rows: Rows) -> None:
        spaces = {one["id"]: one for one in rows["cloudspace"]}
        customers = {one["id"]: one["name"] for one in rows["customer"]}
        called: dict[str, str] = {}
        for machine in sorted(rows["virtual_machine"], key=lambda one: one["id"]):
            space = spaces.get(machine["cloudspace_id"], {})
            extra = {"cloudspace": space.get("name"), "customer": customers.get(space.get("customer_id"))}
            host = self._hostname(machine, extra)
            if host in called:
                raise AnsibleParserError("{0} and {1} would both be called {2}: set hostname to full_name".format(called[host], machine["id"], host))
            called[host] = machine["id"]
            self.inventory.add_host(host)
            variables = {"demarc_" + name: value for name, value in dict(machine, **extra).items()}
            if machine.get("ip_address"):
                variables["ansible_host"] = machine["ip_address"]
            for name, value in variables.items():
                self.inventory.set_variable(host, name, value)
            strict = self.get_option("strict")
            self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)

    def _hostname(self, machine: Object, extra: dict[str, str | None]) -> str:
        which = self.get_option("hostname")
        if which != "full_name":
            return machine[which]
        return ".".join(part for part in (machine["name"], extra["cloudspace"], extra["customer"]) if part)

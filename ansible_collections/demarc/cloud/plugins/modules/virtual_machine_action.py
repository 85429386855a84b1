#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: virtual_machine_action
short_description: Start actions of virtual machines
version_added: '1.0.0'
description:
  - Starts an action of a virtual machine. Actions leave nothing behind to declare, so every run starts it again.
  - 'V(reboot): reboot a running virtual machine, as its operating system does it.'
  - 'V(reset): cut the power of a running virtual machine and start it again.'
author:
  - 'Demarc authors (@demarc)'
extends_documentation_fragment:
  - demarc.cloud.connection
  - demarc.cloud.wait
  - demarc.cloud.attributes.action
options:
  action:
    description:
      - What to do.
    type: str
    required: true
    choices:
      - reboot
      - reset
  id:
    description:
      - Id of the virtual machine.
    type: str
  path:
    description:
      - Name or path of names of the virtual machine, such as V(space/machine), instead of O(id).
    type: str
seealso:
  - module: demarc.cloud.virtual_machine
  - module: demarc.cloud.virtual_machine_info
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Reboot a virtual machine
  demarc.cloud.virtual_machine_action:
    path: space/machine
    action: reboot

- name: Reset a virtual machine
  demarc.cloud.virtual_machine_action:
    path: space/machine
    action: reset
"""

RETURN = r"""
---
virtual_machine:
  description:
    - The virtual machine as it is then.
  returned: success
  type: dict
  contains:
    id:
      description:
        - Id; its prefix says the kind.
      returned: success
      type: str
    name:
      description:
        - 'What it is called: unique within the parent, and can be changed.'
      returned: success
      type: str
    cloudspace_id:
      description:
        - The cloudspace that it is in.
      returned: success
      type: str
    display_name:
      description:
        - Name for people.
      returned: success
      type: str
    image_id:
      description:
        - The image that its boot disk is made from.
      returned: success
      type: str
    vcpus:
      description:
        - Number of virtual processors. A running machine is stopped and started to change it.
      returned: success
      type: int
    memory_mib:
      description:
        - Memory. A running machine is stopped and started to change it.
      returned: success
      type: int
    labels:
      description:
        - Labels to select by. A key may have a prefix and a slash.
      returned: success
      type: dict
    notes:
      description:
        - Notes for people.
      returned: success
      type: str
    deletion_protection:
      description:
        - While true, a delete is refused.
      returned: success
      type: bool
    boot_disk_size_gib:
      description:
        - Size of the boot disk; it can grow, not shrink.
      returned: success
      type: int
    power_state:
      description:
        - Whether it is to run; a new one is.
      returned: success
      type: str
    revision:
      description:
        - Counts the changes of what was asked for; what the system observes does not count.
      returned: success
      type: int
    created_at:
      description:
        - When it was made.
      returned: success
      type: str
    updated_at:
      description:
        - When it was last changed.
      returned: success
      type: str
    state:
      description:
        - Where it is in its life cycle.
      returned: success
      type: str
    state_reason:
      description:
        - Why it is in this state.
      returned: success
      type: str
    operation_id:
      description:
        - The operation that is changing it now.
      returned: success
      type: str
    customer_id:
      description:
        - The customer that it belongs to.
      returned: success
      type: str
    ip_address:
      description:
        - Its address in the network of its cloudspace; null until it is made.
      returned: success
      type: str
    observed_power_state:
      description:
        - Whether it was seen to run; null until it is made.
      returned: success
      type: str
operation_id:
  description:
    - The operation that goes on with the work; M(demarc.cloud.operation_info) tells how far it is.
  returned: when O(wait=false) and work goes on, or when an operation failed
  type: str
error:
  description:
    - The control plane's refusal.
  returned: when a request or an operation failed
  type: dict
  contains:
    status:
      description:
        - The HTTP status; null without an answer.
      returned: always
      type: int
    code:
      description:
        - What went wrong, as one word.
      returned: always
      type: str
      sample: name_taken
    detail:
      description:
        - What went wrong, as a sentence.
      returned: always
      type: str
    request_id:
      description:
        - Leads to the request in the log of the control plane.
      returned: always
      type: str
    method:
      description:
        - The method of the request.
      returned: always
      type: str
    path:
      description:
        - The path of the request.
      returned: always
      type: str
field_errors:
  description:
    - What is wrong with which option. All wrong options are named at once.
  returned: when options are wrong
  type: dict
  sample:
    memory_mib: must be at least 128
"""

from ansible_collections.demarc.cloud.plugins.module_utils import _module


def main() -> None:
    _module.run("virtual_machine_action")


if __name__ == "__main__":
    main()

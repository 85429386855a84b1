#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: virtual_machine_info
short_description: Read virtual machines
version_added: '1.0.0'
description:
  - Reads virtual machines.
  - A virtual machine in a cloudspace.
author:
  - 'Demarc authors (@demarc)'
extends_documentation_fragment:
  - demarc.cloud.connection
  - demarc.cloud.attributes.info
options:
  id:
    description:
      - Reads the one with this id. The list is empty if there is none.
    type: str
  path:
    description:
      - Reads those that this name or path of names means, such as V(space/machine).
    type: str
  label:
    description:
      - 'A selector of labels, such as V(env=prod,tier!=db,owner,!legacy). All parts must hold.'
    type: str
  q:
    description:
      - A part of the name or of the display name.
    type: str
  order_by:
    description:
      - How the list is ordered. A minus sign reverses.
      - What has no value there comes last.
    type: str
    choices:
      - name
      - '-name'
      - created_at
      - '-created_at'
      - memory_mib
      - '-memory_mib'
  billing_entity_id:
    description:
      - Those of one billing entity, and of its customers.
      - The id of a billing entity, or its name or path of names, such as V(reseller).
    type: str
  customer_id:
    description:
      - Those of one customer.
      - The id of a customer, or its name or path of names, such as V(customer).
    type: str
  state:
    description:
      - Those in one of these states.
    type: list
    elements: str
    choices:
      - pending
      - creating
      - active
      - updating
      - deleting
      - recycled
      - failed
  cloudspace_id:
    description:
      - Those in one cloudspace.
      - The id of a cloudspace, or its name or path of names, such as V(customer/space).
    type: str
  image_id:
    description:
      - Those of one image.
      - The id of an image, or its name or path of names, such as V(image).
    type: str
  power_state:
    description:
      - Those that are to be in one of these power states.
    type: list
    elements: str
    choices:
      - running
      - stopped
  memory_mib_min:
    description:
      - Those whose memory is at least this.
    type: int
  memory_mib_max:
    description:
      - Those whose memory is at most this.
    type: int
  created_at_from:
    description:
      - Those that were made then or later.
    type: str
  created_at_until:
    description:
      - Those that were made before then.
    type: str
seealso:
  - module: demarc.cloud.virtual_machine
  - module: demarc.cloud.virtual_machine_action
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Read a virtual machine by its path of names
  demarc.cloud.virtual_machine_info:
    path: space/machine
  register: found

- name: Read virtual machines by their labels
  demarc.cloud.virtual_machine_info:
    billing_entity_id: reseller
    label: env=prod
  register: found
"""

RETURN = r"""
---
virtual_machines:
  description:
    - What was found.
  returned: success
  type: list
  elements: dict
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
    _module.run("virtual_machine_info")


if __name__ == "__main__":
    main()

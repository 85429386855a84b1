#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: disk_info
short_description: Read disks
version_added: '1.0.0'
description:
  - Reads disks.
  - A disk in a cloudspace, which can be attached to one of its machines.
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
      - Reads those that this name or path of names means, such as V(space/disk).
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
      - size_gib
      - '-size_gib'
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
  virtual_machine_id:
    description:
      - Those attached to one virtual machine.
      - The id of a virtual machine, or its name or path of names, such as V(space/machine).
    type: str
  size_gib_min:
    description:
      - Those whose size is at least this.
    type: int
  size_gib_max:
    description:
      - Those whose size is at most this.
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
  - module: demarc.cloud.disk
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Read a disk by its path of names
  demarc.cloud.disk_info:
    path: space/disk
  register: found

- name: Read disks by their labels
  demarc.cloud.disk_info:
    billing_entity_id: reseller
    label: env=prod
  register: found
"""

RETURN = r"""
---
disks:
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
    size_gib:
      description:
        - Size; it can grow, not shrink.
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
    iops_limit:
      description:
        - Most reads and writes in a second together; none means no limit.
      returned: success
      type: int
    virtual_machine_id:
      description:
        - The machine that it is attached to, in the same cloudspace. It is detached when the machine is deleted.
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
    _module.run("disk_info")


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: policy
short_description: Manage policies
version_added: '1.0.0'
description:
  - 'All role bindings of one scope, as one document: what is not in it is taken away. To give a single role beside
    others, use a role binding.'
  - There is one for each O(scope_id), for as long as that exists.
  - Options that are not given are left alone. Null clears an option, or sets it back to its default.
author:
  - 'Demarc authors (@demarc)'
extends_documentation_fragment:
  - demarc.cloud.connection
  - demarc.cloud.wait
  - demarc.cloud.attributes.managed
options:
  state:
    description:
      - With V(present) the policy is changed to be as given.
      - With V(absent) it is put back to its beginning, where nothing of it is set.
    type: str
    choices:
      - present
      - absent
    default: present
  scope_id:
    description:
      - 'The scope: an object, or platform.'
      - 'V(platform), or the id of a billing entity, a cloudspace, a customer, a disk, an image, a location, a service
        account or a virtual machine, or its name or path of names, such as V(reseller).'
      - Required.
    type: str
  bindings:
    description:
      - Who has which role in the scope, by the role.
      - 'Its keys: the id of a role, or its name or path of names, such as V(customer/role).'
      - 'What is given is the whole map: keys that are not in it are removed.'
      - 'Each value is a dictionary, given whole as well: what is not in it is empty, or has its default.'
      - 'In it, C(members), a list: who has it for good: kind and id of each principal, such as user:ann, group:ops or
        service_account:sa_…. What is given is the whole set; its order means nothing.'
      - 'In it, C(expiring_members), a dictionary: who has it for a time: kind and id of each principal, and when it
        ends. What is given is the whole map: keys that are not in it are removed.'
    type: dict
seealso:
  - module: demarc.cloud.policy_info
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Ensure that a policy is as described
  demarc.cloud.policy:
    scope_id: customer
    bindings:
      operator/operator:
        expiring_members:
          'user:cas': '2031-01-01T00:00:00Z'
        members:
          - 'user:ben'
      operator/viewer:
        expiring_members: {}
        members:
          - 'group:ops'
          - 'user:ann'

- name: Ensure that a policy is as at its beginning
  demarc.cloud.policy:
    scope_id: customer
    state: absent
"""

RETURN = r"""
---
policy:
  description:
    - The policy as it is then, or in check mode as it would be. Null if O(state=absent).
  returned: success
  type: dict
  contains:
    scope_id:
      description:
        - 'The scope: an object, or platform.'
      returned: success
      type: str
    bindings:
      description:
        - Who has which role in the scope, by the role.
      returned: success
      type: dict
    revision:
      description:
        - Counts the changes of the scope's bindings, however they are made.
      returned: success
      type: int
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
    _module.run("policy")


if __name__ == "__main__":
    main()

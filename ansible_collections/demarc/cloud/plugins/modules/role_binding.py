#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: role_binding
short_description: Manage role bindings
version_added: '1.0.0'
description:
  - Gives a role to somebody in a scope, and in everything below it.
  - The role binding is found by O(id), or by O(principal_kind), O(principal_id), O(role_id) and O(scope_id).
  - Options that are not given are left alone. Null clears an option, or sets it back to its default.
author:
  - 'Demarc authors (@demarc)'
extends_documentation_fragment:
  - demarc.cloud.connection
  - demarc.cloud.wait
  - demarc.cloud.attributes.managed
options:
  id:
    description:
      - Id of an object that exists, instead of the options that say which one is meant.
    type: str
  state:
    description:
      - With V(present) the role binding is created, or changed to be as given.
      - With V(absent) it is deleted; that it does not exist is fine.
    type: str
    choices:
      - present
      - absent
    default: present
  principal_kind:
    description:
      - What kind of principal gets the role.
      - Required, unless O(id) is given.
    type: str
    choices:
      - user
      - group
      - service_account
      - platform_owner
  principal_id:
    description:
      - Id of the principal. The platform owner's is owner.
      - Required, unless O(id) is given.
    type: str
  role_id:
    description:
      - The role. It is built in, or belongs to the customer or to one of the billing entities that the scope is in.
      - The id of a role, or its name or path of names, such as V(customer/role).
      - Required, unless O(id) is given.
    type: str
  scope_id:
    description:
      - 'Where it is given: an object, with all that is in it, or platform.'
      - 'V(platform), or the id of a billing entity, a cloudspace, a customer, a disk, an image, a location, a service
        account or a virtual machine, or its name or path of names, such as V(reseller).'
      - Required, unless O(id) is given.
    type: str
  expires_at:
    description:
      - When it ends; null for never.
    type: str
  condition:
    description:
      - 'Kept for conditions, which this release does not know: null.'
    type: str
seealso:
  - module: demarc.cloud.role_binding_info
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Ensure that a role binding exists
  demarc.cloud.role_binding:
    principal_kind: user
    principal_id: ann
    role_id: operator/viewer
    scope_id: customer

- name: Ensure that a role binding is as described
  demarc.cloud.role_binding:
    principal_kind: group
    principal_id: ops
    role_id: operator/viewer
    scope_id: customer
    expires_at: '2031-01-01T00:00:00Z'

- name: Clear the expires at of a role binding
  demarc.cloud.role_binding:
    principal_kind: user
    principal_id: ann
    role_id: operator/viewer
    scope_id: customer
    expires_at: null

- name: Ensure that a role binding does not exist
  demarc.cloud.role_binding:
    principal_kind: user
    principal_id: ann
    role_id: operator/viewer
    scope_id: customer
    state: absent
"""

RETURN = r"""
---
role_binding:
  description:
    - 'The role binding as it is then. Null if it is absent. In check mode as it would be; the id of a new one then ends
      in zeros.'
  returned: success
  type: dict
  contains:
    id:
      description:
        - Id; its prefix says the kind.
      returned: success
      type: str
    principal_kind:
      description:
        - What kind of principal gets the role.
      returned: success
      type: str
    principal_id:
      description:
        - Id of the principal. The platform owner's is owner.
      returned: success
      type: str
    role_id:
      description:
        - The role. It is built in, or belongs to the customer or to one of the billing entities that the scope is in.
      returned: success
      type: str
    scope_id:
      description:
        - 'Where it is given: an object, with all that is in it, or platform.'
      returned: success
      type: str
    expires_at:
      description:
        - When it ends; null for never.
      returned: success
      type: str
    condition:
      description:
        - 'Kept for conditions, which this release does not know: null.'
      returned: success
      type: str
    revision:
      description:
        - Counts the changes of what was asked for.
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
    _module.run("role_binding")


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: role_binding_info
short_description: Read role bindings
version_added: '1.0.0'
description:
  - Reads role bindings.
  - Gives a role to somebody in a scope, and in everything below it.
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
  order_by:
    description:
      - How the list is ordered. A minus sign reverses.
      - What has no value there comes last.
    type: str
    choices:
      - created_at
      - '-created_at'
      - expires_at
      - '-expires_at'
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
  principal_kind:
    description:
      - Those of one kind of principals.
    type: str
    choices:
      - user
      - group
      - service_account
      - platform_owner
  principal_id:
    description:
      - Those of one principal.
    type: str
  role_id:
    description:
      - Those of one role.
      - The id of a role, or its name or path of names, such as V(customer/role).
    type: str
  scope_id:
    description:
      - Those in one scope itself.
      - 'V(platform), or the id of a billing entity, a cloudspace, a customer, a disk, an image, a location, a service
        account or a virtual machine, or its name or path of names, such as V(reseller).'
    type: str
  expires_at_from:
    description:
      - Those that end then or later.
    type: str
  expires_at_until:
    description:
      - Those that end before then.
    type: str
  created_at_from:
    description:
      - Those that were made then or later.
    type: str
  created_at_until:
    description:
      - Those that were made before then.
    type: str
seealso:
  - module: demarc.cloud.role_binding
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Read all role bindings
  demarc.cloud.role_binding_info: {}
  register: found
"""

RETURN = r"""
---
role_bindings:
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
    _module.run("role_binding_info")


if __name__ == "__main__":
    main()

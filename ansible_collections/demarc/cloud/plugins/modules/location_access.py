#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: location_access
short_description: Manage location accesses
version_added: '1.0.0'
description:
  - Lets a customer, or a billing entity with all below it, see and use a restricted location.
  - The location access is found by O(id), or by O(location_id) and O(grantee_id).
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
      - With V(present) the location access is created if it does not exist.
      - With V(absent) it is deleted; that it does not exist is fine.
    type: str
    choices:
      - present
      - absent
    default: present
  location_id:
    description:
      - The location.
      - The id of a location, or its name or path of names, such as V(location).
      - Required, unless O(id) is given.
    type: str
  grantee_id:
    description:
      - The customer or billing entity that may use it.
      - The id of a customer or a billing entity, or its name or path of names, such as V(customer).
      - Required, unless O(id) is given.
    type: str
seealso:
  - module: demarc.cloud.location_access_info
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Ensure that a location access exists
  demarc.cloud.location_access:
    location_id: location
    grantee_id: customer

- name: Ensure that a location access does not exist
  demarc.cloud.location_access:
    location_id: location
    grantee_id: customer
    state: absent
"""

RETURN = r"""
---
location_access:
  description:
    - 'The location access as it is then. Null if it is absent. In check mode as it would be; the id of a new one then
      ends in zeros.'
  returned: success
  type: dict
  contains:
    id:
      description:
        - Id; its prefix says the kind.
      returned: success
      type: str
    location_id:
      description:
        - The location.
      returned: success
      type: str
    grantee_id:
      description:
        - The customer or billing entity that may use it.
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
    _module.run("location_access")


if __name__ == "__main__":
    main()

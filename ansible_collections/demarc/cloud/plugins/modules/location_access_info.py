#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: location_access_info
short_description: Read location accesses
version_added: '1.0.0'
description:
  - Reads location accesses.
  - Lets a customer, or a billing entity with all below it, see and use a restricted location.
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
  location_id:
    description:
      - Those to one location.
      - The id of a location, or its name or path of names, such as V(location).
    type: str
  grantee_id:
    description:
      - Those of one customer or billing entity.
      - The id of a customer or a billing entity, or its name or path of names, such as V(customer).
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
  - module: demarc.cloud.location_access
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Read all location accesses
  demarc.cloud.location_access_info: {}
  register: found
"""

RETURN = r"""
---
location_accesses:
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
    _module.run("location_access_info")


if __name__ == "__main__":
    main()

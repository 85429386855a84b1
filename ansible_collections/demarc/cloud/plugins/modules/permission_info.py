#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: permission_info
short_description: Read permissions
version_added: '1.0.0'
description:
  - Reads permissions.
  - What it takes to do an operation, or to see fields that only some may see. Roles are made of permissions.
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
  kind:
    description:
      - Those about one kind.
    type: str
seealso:
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Read all permissions
  demarc.cloud.permission_info: {}
  register: found
"""

RETURN = r"""
---
permissions:
  description:
    - What was found.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description:
        - 'Id: the plural of the kind and the verb, such as virtual_machines.create.'
      returned: success
      type: str
    kind:
      description:
        - Kind of the objects that it is about.
      returned: success
      type: str
    verb:
      description:
        - What may be done, in one word.
      returned: success
      type: str
    description:
      description:
        - What may be done, for people.
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
    _module.run("permission_info")


if __name__ == "__main__":
    main()

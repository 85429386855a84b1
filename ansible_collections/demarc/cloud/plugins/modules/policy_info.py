#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: policy_info
short_description: Read policies
version_added: '1.0.0'
description:
  - Reads policies.
  - 'All role bindings of one scope, as one document: what is not in it is taken away. To give a single role beside
    others, use a role binding.'
author:
  - 'Demarc authors (@demarc)'
extends_documentation_fragment:
  - demarc.cloud.connection
  - demarc.cloud.attributes.info
options:
  scope_id:
    description:
      - 'The scope: an object, or platform.'
      - 'V(platform), or the id of a billing entity, a cloudspace, a customer, a disk, an image, a location, a service
        account or a virtual machine, or its name or path of names, such as V(reseller).'
      - Required.
    type: str
seealso:
  - module: demarc.cloud.policy
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Read a policy
  demarc.cloud.policy_info:
    scope_id: customer
  register: found
"""

RETURN = r"""
---
policies:
  description:
    - What was found.
  returned: success
  type: list
  elements: dict
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
    _module.run("policy_info")


if __name__ == "__main__":
    main()

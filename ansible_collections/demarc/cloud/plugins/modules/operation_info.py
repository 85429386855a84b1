#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: operation_info
short_description: Read operations
version_added: '1.0.0'
description:
  - Reads operations.
  - Work that goes on after a request has been answered.
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
      - running
      - succeeded
      - failed
      - cancelled
  target_id:
    description:
      - Those of one object.
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
  - module: demarc.cloud.operation_action
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Read all operations
  demarc.cloud.operation_info: {}
  register: found
"""

RETURN = r"""
---
operations:
  description:
    - What was found.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description:
        - Id.
      returned: success
      type: str
    action:
      description:
        - 'What it does: the kind and the verb, such as virtual_machine.create.'
      returned: success
      type: str
    target_kind:
      description:
        - Kind of what it changes.
      returned: success
      type: str
    target_id:
      description:
        - Id of what it changes.
      returned: success
      type: str
    customer_id:
      description:
        - The customer that it belongs to.
      returned: success
      type: str
    state:
      description:
        - How far it is.
      returned: success
      type: str
    done:
      description:
        - Whether it has ended.
      returned: success
      type: bool
    total_steps:
      description:
        - Number of its steps.
      returned: success
      type: int
    completed_steps:
      description:
        - Number of the steps that are done.
      returned: success
      type: int
    current_step:
      description:
        - The step that is being done.
      returned: success
      type: str
    error:
      description:
        - Why it failed.
      returned: success
      type: dict
      contains:
        code:
          description:
            - Kind of the failure.
          returned: success
          type: str
        detail:
          description:
            - What went wrong.
          returned: success
          type: str
        step:
          description:
            - The step that failed.
          returned: success
          type: str
    needs_attention:
      description:
        - Whether something of it could not be undone, so that somebody has to look.
      returned: success
      type: bool
    cancel_requested:
      description:
        - Whether it was asked to stop.
      returned: success
      type: bool
    request_id:
      description:
        - Id of the request that began it.
      returned: success
      type: str
    created_at:
      description:
        - When it was made.
      returned: success
      type: str
    started_at:
      description:
        - When its first step began.
      returned: success
      type: str
    finished_at:
      description:
        - When it ended.
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
    _module.run("operation_info")


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: audit_record_info
short_description: Read audit records
version_added: '1.0.0'
description:
  - Reads audit records.
  - 'What somebody did, or was refused: every change, every attempt at one, and reads where the server''s settings say
    so.'
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
      - at
      - '-at'
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
  target_id:
    description:
      - What was tried on this object.
    type: str
  principal_id:
    description:
      - What this principal tried.
    type: str
  operation:
    description:
      - Attempts at this operation.
    type: str
  outcome:
    description:
      - What came to one of these.
    type: list
    elements: str
    choices:
      - succeeded
      - denied
      - failed
  request_id:
    description:
      - What this request tried.
    type: str
  at_from:
    description:
      - Those that were made then or later.
    type: str
  at_until:
    description:
      - Those that were made before then.
    type: str
seealso:
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Read all audit records
  demarc.cloud.audit_record_info: {}
  register: found
"""

RETURN = r"""
---
audit_records:
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
    at:
      description:
        - When it was tried.
      returned: success
      type: str
    principal_id:
      description:
        - Id of who tried; null if that is not known.
      returned: success
      type: str
    principal_kind:
      description:
        - Kind of who tried.
      returned: success
      type: str
    token_id:
      description:
        - 'Id of the token that was used, as whoever issued it calls it: tok_… of an API token. Null if it has none.'
      returned: success
      type: str
    binding_id:
      description:
        - Id of the role binding that allowed it; null if none did, or none was needed.
      returned: success
      type: str
    operation:
      description:
        - 'What was tried: the id of an operation of this API, such as virtual_machines.update.'
      returned: success
      type: str
    target_kind:
      description:
        - Kind of what it was tried on.
      returned: success
      type: str
    target_id:
      description:
        - Id of what it was tried on, as it was given; null if nothing has come to be.
      returned: success
      type: str
    billing_entity_id:
      description:
        - The billing entity that its target belongs to.
      returned: success
      type: str
    customer_id:
      description:
        - The customer that its target belongs to.
      returned: success
      type: str
    outcome:
      description:
        - 'What came of it: denied for want of a permission, or failed for another reason.'
      returned: success
      type: str
    code:
      description:
        - The code of the problem that it was refused with.
      returned: success
      type: str
    request_id:
      description:
        - Id of the request.
      returned: success
      type: str
    remote_addr:
      description:
        - Address that the request came from.
      returned: success
      type: str
    user_agent:
      description:
        - What the client said of itself.
      returned: success
      type: str
    old:
      description:
        - The object before, as its readers saw it; null if there was none, or nothing was changed.
      returned: success
      type: dict
    new:
      description:
        - 'The object after, as its readers saw it, or a summary, of an operation on many things; null if there was
          none, or nothing was changed.'
      returned: success
      type: dict
    sequence:
      description:
        - Its number in the chain that proves the trail complete; null for the first seconds.
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
    _module.run("audit_record_info")


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: service_account
short_description: Manage service accounts
version_added: '1.0.0'
description:
  - A principal for programs, which use the API with its tokens.
  - The service account is found by O(id), or by O(name) in O(owner_id).
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
      - Id of an object that exists. Needed to give it another name, or to tell it from another one of the same name.
    type: str
  previous_name:
    description:
      - The name that it had before. Where nothing has O(name) yet, what has this name is renamed.
    type: str
  state:
    description:
      - With V(present) the service account is created, or changed to be as given.
      - With V(absent) it is deleted; that it does not exist is fine.
    type: str
    choices:
      - present
      - absent
    default: present
  name:
    description:
      - 'What it is called: unique within the parent, and can be changed.'
      - Required to create it.
    type: str
  owner_id:
    description:
      - The customer or billing entity that it belongs to.
      - The id of a customer or a billing entity, or its name or path of names, such as V(customer).
      - Required to create it.
      - 'It cannot be changed afterwards: the task fails rather than replacing what is there.'
    type: str
  display_name:
    description:
      - Name for people.
    type: str
  labels:
    description:
      - Labels to select by. A key may have a prefix and a slash.
      - 'What is given is the whole map: keys that are not in it are removed.'
    type: dict
  notes:
    description:
      - Notes for people.
    type: str
  deletion_protection:
    description:
      - While true, a delete is refused.
      - The default is V(false).
    type: bool
  enabled:
    description:
      - Whether its tokens work; those of a new one do.
      - Others set it, too; what is not given, or is null, stays what it is.
    type: bool
seealso:
  - module: demarc.cloud.service_account_info
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Ensure that a service account exists
  demarc.cloud.service_account:
    name: account
    owner_id: customer

- name: Ensure that a service account is as described
  demarc.cloud.service_account:
    name: account
    owner_id: customer
    display_name: Full name
    labels:
      env: test
      owner: ops
    notes: A note.
    deletion_protection: false
    enabled: true

- name: Clear the display name of a service account
  demarc.cloud.service_account:
    name: account
    owner_id: customer
    display_name: null

- name: Rename a service account
  demarc.cloud.service_account:
    previous_name: account
    name: account-2
    owner_id: customer

- name: Ensure that a service account does not exist
  demarc.cloud.service_account:
    name: account
    owner_id: customer
    state: absent
"""

RETURN = r"""
---
service_account:
  description:
    - 'The service account as it is then. Null if it is absent. In check mode as it would be; the id of a new one then
      ends in zeros.'
  returned: success
  type: dict
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
    owner_id:
      description:
        - The customer or billing entity that it belongs to.
      returned: success
      type: str
    display_name:
      description:
        - Name for people.
      returned: success
      type: str
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
    enabled:
      description:
        - Whether its tokens work; those of a new one do.
      returned: success
      type: bool
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
    in_use_by:
      description:
        - Its role bindings and tokens, as far as the caller may see them. They end with it.
      returned: success
      type: list
      elements: dict
      contains:
        kind:
          description:
            - Kind of the object.
          returned: success
          type: str
        id:
          description:
            - Id of the object.
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
    _module.run("service_account")


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: api_token_action
short_description: Start actions of api tokens
version_added: '1.0.0'
description:
  - Starts an action of an api token. Actions leave nothing behind to declare, so every run starts it again.
  - 'V(rotate): give an API token another secret.'
author:
  - 'Demarc authors (@demarc)'
extends_documentation_fragment:
  - demarc.cloud.connection
  - demarc.cloud.wait
  - demarc.cloud.attributes.action
options:
  action:
    description:
      - What to do.
    type: str
    required: true
    choices:
      - rotate
  id:
    description:
      - Id of the api token.
    type: str
  path:
    description:
      - Name or path of names of the api token, such as V(account/token), instead of O(id).
    type: str
  overlap_seconds:
    description:
      - For how long the present secret goes on working.
      - In s.
      - From 0 to 604800.
      - The default is V(3600).
    type: int
  expires_at:
    description:
      - When it ends; as far ahead as it was when its present secret was made if absent.
    type: str
notes:
  - 'An action that makes it anew returns a secret, RV(api_token.token), which nobody can read again. Set C(no_log=true)
    for the task and register its result, or Ansible shows the secret.'
seealso:
  - module: demarc.cloud.api_token
  - module: demarc.cloud.api_token_info
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Rotate an api token
  demarc.cloud.api_token_action:
    path: account/token
    action: rotate
    overlap_seconds: 3600
  register: made
  no_log: true
"""

RETURN = r"""
---
api_token:
  description:
    - The api token as it is then.
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
    service_account_id:
      description:
        - The service account that it is for.
      returned: success
      type: str
    display_name:
      description:
        - Name for people.
      returned: success
      type: str
    scope_id:
      description:
        - Where alone it can be used, with all that is below; everywhere that its account has a role if absent.
      returned: success
      type: str
    labels:
      description:
        - Labels to select by. A key may have a prefix and a slash.
      returned: success
      type: dict
    permissions:
      description:
        - 'What alone it can be used for, such as virtual_machines.get; everything that its account may do if there are
          none.'
      returned: success
      type: list
      elements: str
    notes:
      description:
        - Notes for people.
      returned: success
      type: str
    expires_at:
      description:
        - 'When it ends: 90 days from now if absent, 366 days at most.'
      returned: success
      type: str
    deletion_protection:
      description:
        - While true, a delete is refused.
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
    token:
      description:
        - The secret itself, in the answers of create and rotate; null ever after. It begins with dmc_.
        - A secret. It is null unless this very task has made it.
      returned: success
      type: str
    last_used_at:
      description:
        - When it was last used, to the minute; null if never.
      returned: success
      type: str
    previous_expires_at:
      description:
        - Until when the secret before the last rotation works; null if it does not.
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
    _module.run("api_token_action")


if __name__ == "__main__":
    main()

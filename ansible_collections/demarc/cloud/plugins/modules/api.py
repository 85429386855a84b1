#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: api
short_description: Send a request to the control plane
version_added: 1.0.0
description:
  - Sends one request as it is. It is for what no other module does.
  - Retries, errors and waiting are those of all modules.
author:
  - Demarc authors (@demarc)
extends_documentation_fragment:
  - demarc.cloud.connection
  - demarc.cloud.wait
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - A request that would write is sent with C(dry_run=true), of which the control plane keeps nothing.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: none
    details:
      - Everything but V(GET) and C(POST /batch-get) is reported as a change.
  action_group:
    description: Use C(group/demarc.cloud.all) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - demarc.cloud.all
options:
  method:
    description:
      - The HTTP method.
    type: str
    choices:
      - GET
      - POST
      - PATCH
      - DELETE
    default: GET
  path:
    description:
      - The path, relative to C(/api/v1), such as V(/virtual-machines).
    type: str
    required: true
  query:
    description:
      - Query parameters.
    type: dict
  body:
    description:
      - The body, sent as JSON. Null is sent as null.
      - Secrets in it that the catalog knows are not shown. If it has others, or if the answer has, set C(no_log) for the task.
    type: raw
  revision:
    description:
      - The revision that the object must have, or the write is refused. Some writes are refused without one.
    type: int
  all_pages:
    description:
      - Whether to read all pages of a list, and return their items as one.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Read several objects at once
  demarc.cloud.api:
    method: POST
    path: /batch-get
    body:
      ids:
        - vm_01jd2x7vq9f3t8m5k6a4hnw0ec
        - dsk_01jd2x7vq9f3t8m5k6a4hnw0ed
  register: found

- name: Read all machines that are stopped
  demarc.cloud.api:
    path: /virtual-machines
    query:
      power_state: stopped
    all_pages: true
  register: stopped
"""

RETURN = r"""
---
status:
  description:
    - The HTTP status of the answer.
  returned: success
  type: int
  sample: 200
revision:
  description:
    - The revision in the answer's C(ETag).
  returned: success
  type: int
body:
  description:
    - The answer.
  returned: success
  type: raw
operation_id:
  description:
    - The operation that the request has started, and that was waited for unless O(wait=false).
  returned: when work goes on after the answer
  type: str
error:
  description:
    - The control plane's refusal, with C(status), C(code), C(detail), C(request_id), C(method) and C(path).
  returned: when the request failed
  type: dict
field_errors:
  description:
    - What is wrong with which field.
  returned: when fields are wrong
  type: dict
"""

from ansible_collections.demarc.cloud.plugins.module_utils import _module


def main() -> None:
    _module.run("api")


if __name__ == "__main__":
    main()

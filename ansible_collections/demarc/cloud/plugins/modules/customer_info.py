#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: customer_info
short_description: Read customers
version_added: '1.0.0'
description:
  - Reads customers.
  - An organisation that uses resources and pays for them.
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
  path:
    description:
      - Reads those that this name or path of names means, such as V(customer).
    type: str
  label:
    description:
      - 'A selector of labels, such as V(env=prod,tier!=db,owner,!legacy). All parts must hold.'
    type: str
  q:
    description:
      - A part of the name or of the display name.
    type: str
  order_by:
    description:
      - How the list is ordered. A minus sign reverses.
      - What has no value there comes last.
    type: str
    choices:
      - name
      - '-name'
      - created_at
      - '-created_at'
  billing_entity_id:
    description:
      - Those of one billing entity.
      - The id of a billing entity, or its name or path of names, such as V(reseller).
    type: str
  state:
    description:
      - Those in one of these states.
    type: list
    elements: str
    choices:
      - pending
      - creating
      - active
      - updating
      - deleting
      - recycled
      - failed
  status:
    description:
      - Those of one of these statuses.
    type: list
    elements: str
    choices:
      - pending
      - active
      - suspended
      - terminated
  payment_mode:
    description:
      - Those of this payment mode.
    type: str
    choices:
      - prepaid
      - postpaid
  created_at_from:
    description:
      - Those that were made then or later.
    type: str
  created_at_until:
    description:
      - Those that were made before then.
    type: str
seealso:
  - module: demarc.cloud.customer
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Read a customer by its path of names
  demarc.cloud.customer_info:
    path: customer
  register: found

- name: Read customers by their labels
  demarc.cloud.customer_info:
    billing_entity_id: reseller
    label: env=prod
  register: found
"""

RETURN = r"""
---
customers:
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
    name:
      description:
        - 'What it is called: unique within the parent, and can be changed.'
      returned: success
      type: str
    billing_entity_id:
      description:
        - The billing entity that bills it.
      returned: success
      type: str
    display_name:
      description:
        - Name for people.
      returned: success
      type: str
    email:
      description:
        - Contact e-mail address.
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
    phone:
      description:
        - Phone number in E.164 form.
      returned: success
      type: str
    industry:
      description:
        - Line of business.
      returned: success
      type: str
    country:
      description:
        - ISO 3166 country code.
      returned: success
      type: str
    region:
      description:
        - State or province.
      returned: success
      type: str
    language:
      description:
        - Language of its documents and mails.
      returned: success
      type: str
    time_zone:
      description:
        - IANA time zone in which its months begin and end.
      returned: success
      type: str
    tax_number:
      description:
        - VAT or tax number.
      returned: success
      type: str
    external_ids:
      description:
        - Its ids in other systems.
      returned: success
      type: dict
    account_managers:
      description:
        - E-mail addresses of its account managers.
      returned: success
      type: list
      elements: str
    portal_url:
      description:
        - Link to its portal.
      returned: success
      type: str
    payment_mode:
      description:
        - 'When it pays: before use from a balance, or after by invoice.'
      returned: success
      type: str
    status:
      description:
        - 'Life cycle. A pending customer cannot make resources; suspending stops what it runs, and active again starts
          what ran; terminated removes everything that it has, for good. A new one is active unless it is made pending
          or suspended.'
      returned: success
      type: str
    status_reason:
      description:
        - Why it has this status.
      returned: success
      type: str
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
    _module.run("customer_info")


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: customer
short_description: Manage customers
version_added: '1.0.0'
description:
  - An organisation that uses resources and pays for them.
  - The customer is found by O(id), or by O(name) in O(billing_entity_id).
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
      - With V(present) the customer is created, or changed to be as given.
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
  billing_entity_id:
    description:
      - The billing entity that bills it.
      - The id of a billing entity, or its name or path of names, such as V(reseller).
      - Required to create it.
      - 'It cannot be changed afterwards: the task fails rather than replacing what is there.'
    type: str
  display_name:
    description:
      - Name for people.
    type: str
  email:
    description:
      - Contact e-mail address.
      - Required to create it.
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
  phone:
    description:
      - Phone number in E.164 form.
    type: str
  industry:
    description:
      - Line of business.
    type: str
  country:
    description:
      - ISO 3166 country code.
    type: str
  region:
    description:
      - State or province.
    type: str
  language:
    description:
      - Language of its documents and mails.
      - The default is V(en).
    type: str
  time_zone:
    description:
      - IANA time zone in which its months begin and end.
      - The default is V(UTC).
    type: str
  tax_number:
    description:
      - VAT or tax number.
    type: str
  external_ids:
    description:
      - Its ids in other systems.
      - 'What is given is the whole map: keys that are not in it are removed.'
    type: dict
  account_managers:
    description:
      - E-mail addresses of its account managers.
      - What is given is the whole set; its order means nothing.
    type: list
    elements: str
  portal_url:
    description:
      - Link to its portal.
    type: str
  payment_mode:
    description:
      - 'When it pays: before use from a balance, or after by invoice.'
      - The default is V(postpaid).
    type: str
    choices:
      - prepaid
      - postpaid
  status:
    description:
      - 'Life cycle. A pending customer cannot make resources; suspending stops what it runs, and active again starts
        what ran; terminated removes everything that it has, for good. A new one is active unless it is made pending or
        suspended.'
      - Others set it, too; what is not given, or is null, stays what it is.
    type: str
    choices:
      - pending
      - active
      - suspended
      - terminated
  status_reason:
    description:
      - Why it has this status.
    type: str
seealso:
  - module: demarc.cloud.customer_info
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Ensure that a customer exists
  demarc.cloud.customer:
    name: customer
    billing_entity_id: reseller
    email: 'ops@example.com'

- name: Ensure that a customer is as described
  demarc.cloud.customer:
    name: customer
    billing_entity_id: reseller
    display_name: Full name
    email: 'ops@example.com'
    labels:
      env: test
      owner: ops
    notes: A note.
    deletion_protection: false
    phone: '+3291234567'
    industry: retail
    country: BE
    region: Oost-Vlaanderen
    language: nl
    time_zone: Europe/Brussels
    tax_number: BE0123456789
    external_ids:
      crm: C-1
    account_managers:
      - 'ann@example.com'
      - 'bob@example.com'
    portal_url: 'https://portal.example.com/acme'
    payment_mode: prepaid
    status: active
    status_reason: Approved.

- name: Clear the display name of a customer
  demarc.cloud.customer:
    name: customer
    billing_entity_id: reseller
    display_name: null

- name: Rename a customer
  demarc.cloud.customer:
    previous_name: customer
    name: customer-2
    billing_entity_id: reseller

- name: Ensure that a customer does not exist
  demarc.cloud.customer:
    name: customer
    billing_entity_id: reseller
    state: absent
"""

RETURN = r"""
---
customer:
  description:
    - 'The customer as it is then. Null if it is absent. In check mode as it would be; the id of a new one then ends in
      zeros.'
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
    _module.run("customer")


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the catalog by controlplane/cmd/gen: do not edit.

from __future__ import annotations

DOCUMENTATION = r"""
---
module: billing_entity
short_description: Manage billing entities
version_added: '1.0.0'
description:
  - 'Who sends invoices: the operator, and the resellers below it at any depth.'
  - The billing entity is found by O(id), or by O(name) in O(parent_id).
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
      - With V(present) the billing entity is created, or changed to be as given.
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
  parent_id:
    description:
      - 'The billing entity above it: the operator, unless another is named. It can be moved, but not below itself.'
      - The id of a billing entity, or its name or path of names, such as V(reseller).
      - Chosen by the control plane if it is not given.
    type: str
  display_name:
    description:
      - Name for people.
    type: str
  currency:
    description:
      - ISO 4217 currency of all its prices and documents.
      - Required to create it.
      - 'It cannot be changed afterwards: the task fails rather than replacing what is there.'
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
  address:
    description:
      - Postal address.
      - Of it, too, what is not given is left alone, and null clears.
    type: dict
    suboptions:
      street:
        description:
          - Street and number.
        type: str
      postal_code:
        description:
          - Postal code.
        type: str
      city:
        description:
          - City.
        type: str
      region:
        description:
          - State or province.
        type: str
      country:
        description:
          - ISO 3166 country code.
        type: str
  tax_number:
    description:
      - VAT or tax number.
    type: str
  time_zone:
    description:
      - IANA time zone in which its months begin and end.
      - The default is V(UTC).
    type: str
  language:
    description:
      - Language of its documents and mails.
      - The default is V(en).
    type: str
  customer_limit:
    description:
      - 'How many customers it may have, 10 unless somebody says otherwise. Those of the billing entities below it count
        for themselves.'
      - From 0 to 1000000.
      - Others set it, too; what is not given, or is null, stays what it is.
    type: int
seealso:
  - module: demarc.cloud.billing_entity_info
  - module: demarc.cloud.api
"""

EXAMPLES = r"""
---
- name: Ensure that a billing entity exists
  demarc.cloud.billing_entity:
    name: reseller
    currency: EUR

- name: Ensure that a billing entity is as described
  demarc.cloud.billing_entity:
    name: reseller
    parent_id: operator
    display_name: Full name
    currency: EUR
    labels:
      env: test
      owner: ops
    notes: A note.
    deletion_protection: false
    address:
      city: Gent
      country: BE
      postal_code: '9000'
      region: Oost-Vlaanderen
      street: Kouter 1
    tax_number: BE0123456789
    time_zone: Europe/Brussels
    language: nl
    customer_limit: 20

- name: Clear the display name of a billing entity
  demarc.cloud.billing_entity:
    name: reseller
    display_name: null

- name: Rename a billing entity
  demarc.cloud.billing_entity:
    previous_name: reseller
    name: reseller-2

- name: Ensure that a billing entity does not exist
  demarc.cloud.billing_entity:
    name: reseller
    state: absent
"""

RETURN = r"""
---
billing_entity:
  description:
    - 'The billing entity as it is then. Null if it is absent. In check mode as it would be; the id of a new one then
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
    parent_id:
      description:
        - 'The billing entity above it: the operator, unless another is named. It can be moved, but not below itself.'
      returned: success
      type: str
    display_name:
      description:
        - Name for people.
      returned: success
      type: str
    currency:
      description:
        - ISO 4217 currency of all its prices and documents.
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
    address:
      description:
        - Postal address.
      returned: success
      type: dict
      contains:
        street:
          description:
            - Street and number.
          returned: success
          type: str
        postal_code:
          description:
            - Postal code.
          returned: success
          type: str
        city:
          description:
            - City.
          returned: success
          type: str
        region:
          description:
            - State or province.
          returned: success
          type: str
        country:
          description:
            - ISO 3166 country code.
          returned: success
          type: str
    tax_number:
      description:
        - VAT or tax number.
      returned: success
      type: str
    time_zone:
      description:
        - IANA time zone in which its months begin and end.
      returned: success
      type: str
    language:
      description:
        - Language of its documents and mails.
      returned: success
      type: str
    customer_limit:
      description:
        - 'How many customers it may have, 10 unless somebody says otherwise. Those of the billing entities below it
          count for themselves.'
      returned: success
      type: int
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
    _module.run("billing_entity")


if __name__ == "__main__":
    main()

# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of the control plane as values in templates."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: object
short_description: An object of the control plane
version_added: 1.0.0
author:
  - Demarc authors (@demarc)
description:
  - Returns objects by their ids, names or paths of names. It is an error that there is none, or that there are several.
extends_documentation_fragment:
  - demarc.cloud.connection.plugin
options:
  _terms:
    description:
      - Ids, names or paths of names.
    type: list
    elements: str
    required: true
  kind:
    description:
      - The kind of the objects, such as V(virtual_machine). Ids tell it themselves.
      - Of a kind of which there is one for each object of another, such as V(policy), terms say whose it is.
    type: str
"""

EXAMPLES = r"""
---
- name: Show the address of a machine
  ansible.builtin.debug:
    msg: "{{ lookup('demarc.cloud.object', 'acme/web/vm1', kind='virtual_machine').ip_address }}"

- name: Show what an id means
  ansible.builtin.debug:
    msg: "{{ lookup('demarc.cloud.object', 'cs_01jd2x7vq9f3t8m5k6a4hnw0ec').name }}"
"""

RETURN = r"""
---
_raw:
  description:
    - The objects, as the modules called C(..._info) return them.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.demarc.cloud.plugins.module_utils._client import ApiError, Unreachable
from ansible_collections.demarc.cloud.plugins.module_utils._fields import KINDS, a, any_of, kind_of_id, title
from ansible_collections.demarc.cloud.plugins.module_utils._session import Failure, Object, Session, failure
from ansible_collections.demarc.cloud.plugins.plugin_utils._connection import connect


class LookupModule(LookupBase):
    """The lookup plugin."""

    def run(self, terms: list[str], variables: t.Any = None, **kwargs: t.Any) -> list[Object]:
        self.set_options(var_options=variables, direct=kwargs)
        doing = "look up {0}".format(", ".join(str(term) for term in terms))
        try:
            session = connect(self.get_option, Display().warning)
            return [self._one(session, str(term)) for term in terms]
        except (ApiError, Unreachable) as err:
            raise AnsibleLookupError(failure(doing, err).msg) from err
        except LookupError as err:
            raise AnsibleLookupError("cannot {0}: {1}".format(doing, err)) from err
        except Failure as err:
            raise AnsibleLookupError("cannot {0}: {1}".format(doing, err.msg)) from err

    def _one(self, session: Session, term: str) -> Object:
        name = self.get_option("kind") or kind_of_id(term)
        if name not in KINDS:
            raise LookupError("kind must be one of {0}".format(", ".join(KINDS)))
        kind = KINDS[name]
        meant = [name]
        if kind.get("singleton"):  # the term says whose it is
            meant = next(field["ref"] for field in kind["fields"] if field["name"] in kind["key"])
        if kind_of_id(term) not in (None, *meant):
            raise LookupError("it is not the id of {0}".format(any_of([a(one) for one in meant if one in KINDS])))
        found = session.get(kind, session.resolve_path(meant, term) if kind["prefix"] or kind.get("singleton") else term)
        if found is None:
            raise LookupError("there is no {0} {1}".format(title(name), term))
        return found

# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what the modules support."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of the modules: one set for each sort of them."""

    MANAGED = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - The control plane is asked whether it would accept the change. A token that may only read gives a warning instead.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
    details:
      - Shows the options that are given. Secrets are not shown.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
    details:
      - Except with an option C(update_...) set to V(always).
  action_group:
    description: Use C(group/demarc.cloud.all) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - demarc.cloud.all
"""

    INFO = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - This module changes nothing.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details:
      - This module changes nothing.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
    details:
      - This module changes nothing.
  action_group:
    description: Use C(group/demarc.cloud.all) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - demarc.cloud.all
"""

    ACTION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - The control plane is asked whether it would accept it. A token that may only read gives a warning instead.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: none
    details:
      - Every run does it again.
  action_group:
    description: Use C(group/demarc.cloud.all) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - demarc.cloud.all
"""

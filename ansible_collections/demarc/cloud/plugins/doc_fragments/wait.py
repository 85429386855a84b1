# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options on work that goes on after the answer."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of modules that can start an operation."""

    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the work is done.
      - If not, C(operation_id) is returned. An operation that is in the way of this task is waited for in any case.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait at most, in seconds.
    type: int
    default: 600
"""

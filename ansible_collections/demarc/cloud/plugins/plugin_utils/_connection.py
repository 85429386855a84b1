# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How plugins that are no modules reach a control plane: by the options of the fragment demarc.cloud.connection.plugin."""

from __future__ import annotations

import typing as t

from ansible.module_utils.ansible_release import __version__ as ansible_version

from ansible_collections.demarc.cloud.plugins.module_utils._session import Run, Session

OPTIONS = ("endpoint", "token", "token_file", "ca_file", "timeout", "retries")


def connect(option: t.Callable[[str], t.Any], warn: t.Callable[[str], None]) -> Session:
    """A session with the control plane that the plugin's options name. Raises Failure."""
    params = {name: option(name) for name in OPTIONS}
    return Session(Run(params, {}, frozenset(), set(), False, warn, ansible_version))

# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options by which a control plane is reached."""

from __future__ import annotations


class ModuleDocFragment:
    """Options that every module has, and the same ones for other plugins."""

    DOCUMENTATION = r"""
options:
  endpoint:
    description:
      - Where the control plane is, such as V(https://cloud.example.com).
      - If it is not given, the environment variable E(DEMARC_ENDPOINT) is used.
    type: str
  token:
    description:
      - The API token.
      - If it is not given, the environment variable E(DEMARC_TOKEN) is used.
    type: str
  token_file:
    description:
      - A file that holds the API token. It wins over a token from the environment.
      - If it is not given, the environment variable E(DEMARC_TOKEN_FILE) is used.
    type: path
  ca_file:
    description:
      - A file of certificates in PEM format, that the control plane's certificate is checked against instead of the system's.
      - If it is not given, the environment variable E(DEMARC_CA_FILE) is used.
    type: path
  timeout:
    description:
      - How long to wait for one answer, in seconds.
    type: int
    default: 30
  retries:
    description:
      - How often a request is sent again that was not answered, or was answered with 429, 502, 503 or 504.
      - The pause grows from try to try, and is never shorter than the control plane asks for.
      - A pause that a rate limit asks for (429 with C(Retry-After)) is kept however often it does, and no try is counted.
      - The task fails if such a pause would end after its time limit, which is C(wait_timeout), or 120 seconds without that option.
    type: int
    default: 5
"""

    PLUGIN = r"""
options:
  endpoint:
    description:
      - Where the control plane is, such as V(https://cloud.example.com).
    type: str
    env:
      - name: DEMARC_ENDPOINT
  token:
    description:
      - The API token.
    type: str
    env:
      - name: DEMARC_TOKEN
  token_file:
    description:
      - A file that holds the API token. It is read if there is no O(token).
    type: path
    env:
      - name: DEMARC_TOKEN_FILE
  ca_file:
    description:
      - A file of certificates in PEM format, that the control plane's certificate is checked against instead of the system's.
    type: path
    env:
      - name: DEMARC_CA_FILE
  timeout:
    description:
      - How long to wait for one answer, in seconds.
    type: int
    default: 30
  retries:
    description:
      - How often a request is sent again that was not answered, or was answered with 429, 502, 503 or 504.
    type: int
    default: 5
"""

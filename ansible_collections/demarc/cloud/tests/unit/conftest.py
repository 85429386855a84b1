# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets plain pytest import the collection by its name; ansible-test does it by itself."""

from __future__ import annotations

import importlib.util
import pathlib
import sys

if importlib.util.find_spec("ansible_collections") is None:
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[5]))

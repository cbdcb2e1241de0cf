# SPDX-License-Identifier: GPL-3.0-or-later
"""What all readers share: a source file, tables of text, blocks of records, local times."""

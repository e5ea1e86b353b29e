/**
 * The library `lib/python/mgr.py` of version 4 (docs/protocol.md#files-4). Its one function calls a panel
 * function with pairs of names and values, like the library for Perl. It runs under Python 2 and 3.
 */
export const PYTHON_LIBRARY = `# -*- coding: utf-8 -*-
"""Calls of the panel on this host (sandbox)."""
import os
import subprocess

_MGRCTL = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'sbin', 'mgrctl')


def query(func, params=()):
    """Calls a function as the administrator; gives its XML document as text."""
    words = ['%s=%s' % (name, value) for name, value in params]
    command = [_MGRCTL, '-m', 'ispmgr', '-o', 'xml', func] + words
    output, _ = subprocess.Popen(command, stdout=subprocess.PIPE).communicate()
    return output if isinstance(output, str) else output.decode('utf-8')
`;

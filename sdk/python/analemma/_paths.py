"""Where the kernel listens, when nobody says."""

from __future__ import annotations

import os

# Each sandbox sees the kernel here, by a socket of its own.
AGENT_SOCKET = "/run/analemma/agent.sock"
SYSTEM_SOCKET = "/run/analemma/kernel.sock"


def default_socket() -> str:
    """`$ANALEMMA_SOCKET`; inside a sandbox its own socket; else the user's kernel, else the machine's."""
    named = os.environ.get("ANALEMMA_SOCKET")
    if named:
        return named
    if os.path.exists(AGENT_SOCKET):
        return AGENT_SOCKET
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        own = os.path.join(runtime, "analemma", "kernel.sock")
        if os.geteuid() != 0 or os.path.exists(own) or not os.path.exists(SYSTEM_SOCKET):
            return own
    return SYSTEM_SOCKET

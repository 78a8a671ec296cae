"""Where the kernel listens, when nobody says. The kernel has the same rule."""

from __future__ import annotations

import os

# Each sandbox sees the kernel here, by a socket of its own.
AGENT_SOCKET = "/run/analemma/agent.sock"
SYSTEM_SOCKET = "/run/analemma/kernel.sock"


def default_socket() -> str:
    """`$ANALEMMA_SOCKET`; inside a sandbox its own socket; as root the machine's; else the user's."""
    named = os.environ.get("ANALEMMA_SOCKET")
    if named:
        return named
    if os.path.exists(AGENT_SOCKET):
        return AGENT_SOCKET
    if os.geteuid() == 0:
        return SYSTEM_SOCKET
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        return os.path.join(runtime, "analemma", "kernel.sock")
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(state, "analemma", "kernel.sock")

"""The name under which later programs for AgentOS look for its SDK."""

from agentos import AgentOSClient as CloveClient
from agentos import Message, SyscallOp, connect

__all__ = ["CloveClient", "Message", "SyscallOp", "connect"]

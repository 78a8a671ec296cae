"""An agent of AgentOS's day, started as `python3 SCRIPT SOCKET`."""

import sys
import time

from agentos import AgentOSClient, connect

client = AgentOSClient(sys.argv[1])
if not client.connect():
    sys.exit(1)
print("echo:", client.echo("from inside"), flush=True)
print("me:", [(agent["name"], agent["state"]) for agent in client.list_agents()], client._agent_id, flush=True)
answer = client.think("?")
print("think:", answer["success"], answer["error"], "simulated" in answer["content"], answer["tokens"] > 0)
second = connect(sys.argv[1])
print("second:", second.echo("also"), second.exit(), flush=True)
client.disconnect()
if len(sys.argv) < 3:
    time.sleep(600)

"""An agent written for AgentOS, which knows nothing of Analemma: the SDK that it imports is there in every sandbox."""

import sys

from agentos import AgentOSClient

client = AgentOSClient(sys.argv[1] if len(sys.argv) > 1 else "/tmp/agentos.sock")
if not client.connect():
    sys.exit(1)
print("Echo:", client.echo("Hello from an AgentOS agent!"))
for agent in client.list_agents():
    print(f"  {agent['id']}: {agent['name']} ({agent['state']})")
answer = client.think("What is an operating system?")
print("Think:", answer.get("content") or answer.get("error"))
client.exit()
client.disconnect()

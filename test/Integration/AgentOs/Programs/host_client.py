"""A program of AgentOS's day, outside of any sandbox: drives the kernel and prints what it saw."""

import sys
import time

from agentos import AgentOSClient

WORKER = sys.argv[1]

with AgentOSClient("/tmp/agentos.sock" if len(sys.argv) < 3 else sys.argv[2]) as client:
    print("echo:", client.echo("Hello, kernel!"))
    print("before:", client.list_agents())
    agent = client.spawn(
        name="worker",
        script=WORKER,
        sandboxed=True,
        network=False,
        limits={"memory": 128 * 1024 * 1024, "max_pids": 16, "cpu_quota": 50000},
    )
    if not agent or "id" not in agent:
        sys.exit(f"no agent: {agent}")
    print("spawned:", agent["name"], agent["status"], isinstance(agent["id"], int), agent["pid"] > 0)
    print("again:", client.spawn(name="worker", script=WORKER))
    for each in client.list_agents():
        print("listed:", each["name"], each["state"], each["running"], each["id"] == agent["id"])
    time.sleep(0.2)
    print("killed:", client.kill(name="worker"))
    print("killed again:", client.kill(agent_id=agent["id"]))
    print("after:", client.list_agents())
    answer = client.think("What is 2 + 2?")
    print("think:", answer["success"], answer["error"], "simulated" in answer["content"], answer["tokens"] > 0)
    print("exit:", client.exit())

"""Asks for audit records and figures in the 17-byte framing, as an agent or as a client on the host."""

import json
import socket
import struct
import sys

HEADER = struct.Struct("<IIBQ")
MAGIC = 0x41474E54


def ask(connection, opcode, **fields):
    body = json.dumps(fields).encode() if fields else b""
    connection.sendall(HEADER.pack(MAGIC, 0, opcode, len(body)) + body)
    _, agent, answered, size = HEADER.unpack(connection.recv(HEADER.size, socket.MSG_WAITALL))
    assert answered == opcode, answered
    return agent, json.loads(connection.recv(size, socket.MSG_WAITALL))


with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    me, _ = ask(connection, 0x12)
    ask(connection, 0x11, id=4294967295)
    _, spawned = ask(connection, 0x10, name="forbidden", script="/work/none.py")
    print("spawn:", "error" in spawned)
    _, log = ask(connection, 0x76, category="SECURITY", limit=1000)
    denied = [entry for entry in log["entries"] if entry["event_type"] == "attempt.denied"]
    print("audit:", log["success"], log["count"] == len(log["entries"]), len(denied) > 0)
    if denied:
        print("denied:", {entry["agent_id"] for entry in denied} == {me}, denied[-1]["success"], denied[-1]["category"])
        _, later = ask(connection, 0x76, since_id=denied[-1]["id"], category="SECURITY")
        print("later:", later["count"])
    print("others:", "error" in ask(connection, 0x76, agent_id=4294967290)[1], ask(connection, 0x76, category="IPC")[1]["count"])
    print("config:", ask(connection, 0x77, max_entries=5)[1]["config"]["log_security"])
    print("config off:", ask(connection, 0x77, log_security=False)[1]["code"])
    _, own = ask(connection, 0xC1)
    metrics = own.get("metrics", {})
    print("agent:", metrics.get("name"), metrics.get("agent_id") == me, metrics.get("status"))
    _, everyone = ask(connection, 0xC2)
    print("all:", everyone["count"], [agent["name"] for agent in everyone["agents"]])
    path = metrics.get("cgroup", {}).get("path", "")
    _, group = ask(connection, 0xC3, **({"cgroup_path": path} if path else {}))
    print("cgroup:", group.get("metrics", {}).get("memory", {}).get("max"), group["success"])
    for wrong in ("../../../etc/passwd", "/sys/fs/cgroup"):
        print("elsewhere:", ask(connection, 0xC3, cgroup_path=wrong)[1]["success"])

"""A server of tools for tests: JSON-RPC 2.0 by lines, as the Model Context Protocol has it over stdio.

By the specification 2025-11-25: lifecycle (initialize), server/tools, utilities (progress, cancellation). Its tools do
what tools should, and what they should not. `MODE` in the environment makes it bad from the start.
"""

import hashlib
import json
import os
import sys
import threading
import time

MODE = os.environ.get("MODE", "good")
OUT = threading.Lock()
CANCELLED = set()
EXTRA = []


def send(message):
    line = json.dumps({"jsonrpc": "2.0", **message})
    with OUT:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def text(value, **more):
    return {"content": [{"type": "text", "text": value}], **more}


OBJECT = {"type": "object", "properties": {}}

TOOLS = [
    {
        "name": "add",
        "title": "Addition",
        "description": "Adds two numbers.",
        "inputSchema": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
        "outputSchema": {"type": "object", "properties": {"sum": {"type": "integer"}}},
        "annotations": {"readOnlyHint": True},
    },
    *(
        {"name": name, "description": f"{name} for tests.", "inputSchema": OBJECT}
        for name in (
            "fail", "refuse", "picture", "environment", "die", "hang", "late", "garbage", "flood", "endless", "grow",
            "progress", "write", "connect", "pid", "cancelled", "eat", "deep", "digest", "confess",
        )
    ),
]


def call(identity, name, arguments, meta):
    if name == "add":
        total = arguments["a"] + arguments["b"]
        return text(str(total), structuredContent={"sum": total})
    if name == "fail":
        return text("the disk is on fire", isError=True)
    if name == "picture":
        png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        parts = [
            {"type": "text", "text": "a dot"},
            {"type": "image", "data": png, "mimeType": "image/png"},
            {"type": "resource", "resource": {"uri": "file:///dot.txt", "text": "dot", "mimeType": "text/plain"}},
            {"type": "resource_link", "uri": "file:///dot.png", "name": "dot.png"},
        ]
        return {"content": parts}
    if name == "environment":
        print(f"my key is {os.environ.get('KEY')}, and that is all", file=sys.stderr, flush=True)
        return text(json.dumps({**os.environ, "argv": sys.argv, "uid": os.getuid(), "cwd": os.getcwd()}))
    if name == "die":
        print("I am dying", file=sys.stderr, flush=True)
        os._exit(3)
    if name == "hang":
        threading.Event().wait()
    if name == "late":
        time.sleep(float(arguments.get("seconds", 0.3)))
        return text("late, but there")
    if name == "garbage":
        with OUT:
            sys.stdout.write("Traceback (most recent call last):\n{not json}\n\n[]\n\u0000\n")
            sys.stdout.flush()
        return text("after the garbage")
    if name == "flood":
        with OUT:
            while True:
                sys.stdout.write("x" * 1000 + "\n")
    if name == "endless":
        with OUT:
            while True:
                sys.stdout.write("{" * 65536)
    if name == "grow":
        return text("y" * int(arguments.get("bytes", 10 << 20)))
    if name == "progress":
        token = meta.get("progressToken")
        for step in (1, 2, 3):
            if token is not None:
                send({
                    "method": "notifications/progress",
                    "params": {"progressToken": token, "progress": step, "total": 3, "message": f"step {step}"},
                })
        return text("done" if token is not None else "nobody asked")
    if name == "write":
        EXTRA.append({"name": f"extra{len(EXTRA)}", "description": "New.", "inputSchema": OBJECT})
        send({"method": "notifications/tools/list_changed"})
        return text("there is one more")
    if name == "connect":
        import socket

        try:
            socket.create_connection(("127.0.0.1", int(arguments.get("port", 9))), 1).close()
            return text("connected")
        except OSError as failed:
            return text(f"no: {failed}")
    if name == "pid":
        return text(str(os.getpid()))
    if name == "cancelled":
        return text(json.dumps(sorted(CANCELLED)))
    if name == "eat":
        hoard = []
        while True:
            hoard.append(bytearray(8 << 20))
    if name == "digest":
        return text(hashlib.sha256(os.environ["KEY"].encode()).hexdigest())
    if name == "confess":
        print(f"my key is {os.environ['KEY']}", file=sys.stderr, flush=True)
        os._exit(3)
    if name == "deep":
        return {"content": [], "structuredContent": {"a": [[[[[1]]]]]}}
    return text(f"I am {name}")


def answer(message):
    identity, method, params = message.get("id"), message.get("method"), message.get("params") or {}
    if method == "initialize":
        send({
            "id": identity,
            "result": {
                "protocolVersion": params.get("protocolVersion", "2025-11-25"),
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "tests", "version": "1.0"},
            },
        })
    elif method == "ping":
        send({"id": identity, "result": {}})
    elif method == "tools/list":
        if MODE == "pages":
            # Without end: a client must stop by itself.
            at = int(params.get("cursor") or 0)
            tools = [{"name": f"t{at + i}", "inputSchema": OBJECT} for i in range(10)]
            send({"id": identity, "result": {"tools": tools, "nextCursor": str(at + 10)}})
        else:
            send({"id": identity, "result": {"tools": TOOLS + EXTRA}})
    elif method == "tools/call":
        if params["name"] == "refuse":
            send({"id": identity, "error": {"code": -32602, "message": "I will not"}})
            return
        result = call(identity, params["name"], params.get("arguments") or {}, params.get("_meta") or {})
        send({"id": identity, "result": result})
    elif method == "notifications/cancelled":
        CANCELLED.add(str(params.get("requestId")))
    elif identity is not None:
        send({"id": identity, "error": {"code": -32601, "message": f"there is no method {method}"}})


def main():
    if MODE == "exit":
        print("cannot open the database", file=sys.stderr, flush=True)
        sys.exit(4)
    if MODE == "mute":
        threading.Event().wait()
    if MODE == "confess":
        print("x" * 100 + os.environ["KEY"], flush=True)
        sys.exit(5)
    if MODE == "noise":
        print("Welcome to the server!", flush=True)
    print(f"serving as {MODE}", file=sys.stderr, flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("method") == "tools/call":
            threading.Thread(target=answer, args=(message,), daemon=True).start()
        else:
            answer(message)


main()

"""A server of tools over HTTP for tests: streamable HTTP, as the specification 2025-11-25 has it (basic/transports).

Listens on a free port of the loopback and prints it. Wants `Authorization: Bearer canary-1f9a`, if so started.
"""

import json
import os
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WANTS = "--guarded" in sys.argv
OBJECT = {"type": "object", "properties": {}}
NAMES = ["hello", "headers", "progress", "flood", "drop", "late", "die", "write", "forget"]
SESSIONS = {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", kind="application/json", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def do_GET(self):
        changed = SESSIONS.get(self.headers.get("Mcp-Session-Id"))
        if changed is None or (WANTS and self.headers.get("Authorization") != "Bearer canary-1f9a"):
            self.reply(405)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.close_connection = True
        while changed.acquire():
            note = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
            self.wfile.write(f"event: message\ndata: {json.dumps(note)}\n\n".encode())
            self.wfile.flush()

    def do_DELETE(self):
        self.reply(200)

    def do_POST(self):
        message = json.loads(self.body())
        if self.path == "/elsewhere":
            self.reply(302, Location=f"http://127.0.0.1:{self.server.server_port}/mcp")
        elif WANTS and self.headers.get("Authorization") != "Bearer canary-1f9a":
            self.reply(401, f"no {self.headers.get('Authorization')}".encode(), "text/plain")
        elif message["method"] != "initialize" and self.headers.get("Mcp-Session-Id") not in SESSIONS:
            self.reply(404 if "Mcp-Session-Id" in self.headers else 400)
        elif "id" not in message:
            self.reply(202)
        else:
            self.answer(message["id"], message["method"], message.get("params") or {})

    def answer(self, identity, method, params):
        if method == "initialize":
            result = {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "http tests", "version": "2.0"},
            }
            session = secrets.token_hex(8)
            SESSIONS[session] = threading.Semaphore(0)
            self.result(identity, result, Mcp_Session_Id=session)
        elif method == "tools/list":
            self.result(identity, {"tools": [{"name": name, "inputSchema": OBJECT} for name in NAMES]})
        elif method == "tools/call":
            self.call(identity, params["name"], params)
        else:
            error = {"jsonrpc": "2.0", "id": identity, "error": {"code": -32601, "message": f"no {method}"}}
            self.reply(200, json.dumps(error).encode())

    def call(self, identity, name, params):
        if name == "headers":
            said = {key: value for key, value in self.headers.items()}
            self.result(identity, {**text(json.dumps(said)), "structuredContent": said})
        elif name == "progress":
            token = (params.get("_meta") or {}).get("progressToken")
            notes = [
                {
                    "jsonrpc": "2.0",
                    "method": "notifications/progress",
                    "params": {"progressToken": token, "progress": step, "message": f"step {step}"},
                }
                for step in (1, 2)
            ]
            self.events([*(notes if token is not None else ()), answer(identity, text("done"))])
        elif name == "flood":
            self.result(identity, text("z" * (40 << 20)))
        elif name == "drop":
            self.close_connection = True
            self.connection.close()
        elif name == "late":
            time.sleep(30)
        elif name == "die":
            os._exit(3)
        elif name == "write":
            NAMES.append("extra")
            for changed in SESSIONS.values():
                changed.release()
            self.result(identity, text("there is one more"))
        elif name == "forget":
            SESSIONS.clear()
            self.result(identity, text("who are you?"))
        else:
            self.result(identity, text(f"hello from {name}"))

    def result(self, identity, result, **headers):
        self.reply(200, json.dumps(answer(identity, result)).encode(), **headers)

    def events(self, messages):
        body = "".join(f"event: message\ndata: {json.dumps(message)}\n\n" for message in messages)
        self.reply(200, body.encode(), "text/event-stream")


def answer(identity, result):
    return {"jsonrpc": "2.0", "id": identity, "result": result}


def text(value):
    return {"content": [{"type": "text", "text": value}]}


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()

"""Speaks the 17-byte framing by hand, as a client that has never heard of an SDK."""

import json
import socket
import struct
import sys

HEADER = struct.Struct("<IIBQ")
MAGIC = 0x41474E54


def receive(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def answer(connection):
    magic, agent, opcode, size = HEADER.unpack(receive(connection, HEADER.size))
    assert magic == MAGIC
    return agent, opcode, receive(connection, size)


with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    # An id in a frame is a claim that nobody believes; requests may be sent ahead, answers come in their order.
    requests = [(0x00, b"one"), (0x12, b""), (0x00, b"\x00\xff"), (0x01, b"a plain prompt"), (0x10, b"{not json")]
    requests += [(0x11, b"{}"), (0xEE, b"unknown"), (0x11, json.dumps({"name": "nobody"}).encode()), (0xFF, b"")]
    connection.sendall(b"".join(HEADER.pack(MAGIC, 4711, op, len(body)) + body for op, body in requests))
    for opcode, _ in requests:
        agent, answered, payload = answer(connection)
        print(f"{answered:02x}", agent != 4711, answered == opcode, payload.decode("latin-1"))
    connection.sendall(HEADER.pack(MAGIC, 0, 0, 5) + b"still")
    print(answer(connection)[2].decode())

# Runs a command for each event of one environment: the event on its input, the result on its output as JSON.
# What it writes to its standard error is in the environment's log. The framing is docs/abi.md's.
import json
import os
import socket
import struct
import subprocess
import sys

HEADER = struct.Struct("<IBBHQII")
MAGIC, NEXT, FRAME_MAX, MORE = 0x324C4E41, 0x182, 1 << 20, 1
SOURCE = json.loads(%SOURCE%)
OUTPUT_MAX = 8 << 20


def receive(link, wanted):
    made = bytearray()
    while len(made) < wanted:
        piece = link.recv(wanted - len(made))
        if not piece:
            # The kernel is gone; the next one starts other environments.
            os._exit(0)
        made += piece
    return bytes(made)


def ask(link, asked):
    body = json.dumps(asked).encode()
    for at in range(0, len(body), FRAME_MAX):
        piece = body[at:at + FRAME_MAX]
        more = MORE if at + FRAME_MAX < len(body) else 0
        link.sendall(HEADER.pack(MAGIC, 1, more, NEXT, 1, 0, len(piece)) + piece)
    whole = b""
    while True:
        _, _, flags, _, _, status, length = HEADER.unpack(receive(link, 24))
        whole += receive(link, length)
        if not flags & MORE:
            return status, whole


def failure(kind, message, request=None):
    error = json.dumps({"errorMessage": message, "errorType": kind})
    return {"request_id": request, "error_type": kind, "error": error}


def member(payload, name):
    """The text of one member of the kernel's answer, as it was written: numbers keep their form."""
    decoder = json.JSONDecoder()
    text = payload.decode()
    at = text.index("{") + 1
    while True:
        while text[at] in " ,\n\t\r":
            at += 1
        key, at = decoder.raw_decode(text, at)
        while text[at] in " :\n\t\r":
            at += 1
        _, end = decoder.raw_decode(text, at)
        if key == name:
            return text[at:end]
        at = end


def run(argv, given, payload):
    request = given["request_id"]
    env = dict(os.environ, AWS_LAMBDA_REQUEST_ID=request, AWS_LAMBDA_DEADLINE_MS=str(given["deadline_ms"]))
    sys.stderr.write("START RequestId: %s Version: $LATEST\n" % request)
    sys.stderr.flush()
    try:
        ended = subprocess.run(argv, input=member(payload, "event").encode(), stdout=subprocess.PIPE, env=env)
    except OSError as wrong:
        return failure("Runtime.InvalidEntrypoint", "%s: %s" % (argv[0], wrong.strerror), request)
    finally:
        sys.stderr.write("END RequestId: %s\n" % request)
        sys.stderr.flush()
    if ended.returncode:
        said = ended.stdout[-4096:].decode("utf-8", "backslashreplace").strip()
        how = "signal %d" % -ended.returncode if ended.returncode < 0 else "exit status %d" % ended.returncode
        return failure(
            "Runtime.ExitError", "RequestId: %s Error: Runtime exited with error: %s%s" % (
                request, how, ": " + said if said else ""), request)
    if len(ended.stdout) > OUTPUT_MAX:
        return failure("Function.ResponseSizeTooLarge", "the result has more than %d bytes" % OUTPUT_MAX, request)
    return {"request_id": request, "result": ended.stdout.decode("utf-8", "replace").strip() or "null"}


def main():
    argv = sys.argv[2:]
    if SOURCE is not None:
        # An executable file of its own, after its interpreter when there is one.
        file = os.path.join("/work", "command")
        with open(file, "w") as out:
            out.write(SOURCE)
        os.chmod(file, 0o700)
        argv = argv + [file]
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect(sys.argv[1])
    answer = None
    while True:
        status, payload = ask(link, {} if answer is None else {"answer": answer})
        given = json.loads(payload)
        if not status:
            answer = run(argv, given, payload)
        elif answer is None or answer.get("error_type") == "Function.ResponseRefused":
            sys.exit("the kernel refuses: %s" % given.get("message"))
        else:
            answer = failure("Function.ResponseRefused", given.get("message", ""), answer["request_id"])


main()

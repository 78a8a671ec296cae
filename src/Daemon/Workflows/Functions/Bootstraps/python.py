# Runs a handler in one environment: takes events from the kernel one after another, over its socket.
# The framing is docs/abi.md's; errors are told as AWS Lambda tells them.
import io
import json
import os
import socket
import struct
import sys
import time

HEADER = struct.Struct("<IBBHQII")
MAGIC, NEXT, FRAME_MAX, MORE = 0x324C4E41, 0x182, 1 << 20, 1
SOURCE = json.loads(%SOURCE%)
HANDLER = sys.argv[2]
ROOT = os.environ.get("LAMBDA_TASK_ROOT", "/work")


class Link:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.buffer = bytearray(65536)
        self.view = memoryview(self.buffer)
        self.have = 0

    def ask(self, body):
        """Sends UTF-8, and gives what is answered: a status and a text."""
        if len(body) <= FRAME_MAX:
            self.socket.sendall(HEADER.pack(MAGIC, 1, 0, NEXT, 1, 0, len(body)) + body)
        else:
            for at in range(0, len(body), FRAME_MAX):
                piece = body[at:at + FRAME_MAX]
                more = MORE if at + FRAME_MAX < len(body) else 0
                self.socket.sendall(HEADER.pack(MAGIC, 1, more, NEXT, 1, 0, len(piece)) + piece)
        if not self.have:
            # Most often it is one frame, and comes whole.
            self.receive()
            if self.have >= 24:
                _, _, flags, _, _, status, length = HEADER.unpack_from(self.buffer)
                if self.have == 24 + length and not flags & MORE:
                    self.have = 0
                    return status, str(self.view[24:24 + length], "utf-8")
        whole = b""
        while True:
            flags, status, payload = self.frame()
            whole = whole + payload if whole else payload
            if not flags & MORE:
                return status, whole.decode()

    def frame(self):
        self.fill(24)
        _, _, flags, _, _, status, length = HEADER.unpack_from(self.buffer)
        self.fill(24 + length)
        payload = bytes(self.view[24:24 + length])
        rest = self.have - 24 - length
        if rest:
            self.buffer[:rest] = self.buffer[24 + length:self.have]
        self.have = rest
        return flags, status, payload

    def fill(self, wanted):
        if wanted > len(self.buffer):
            self.view.release()
            self.buffer.extend(bytes(wanted - len(self.buffer)))
            self.view = memoryview(self.buffer)
        while self.have < wanted:
            self.receive()

    def receive(self):
        count = self.socket.recv_into(self.view[self.have:] if self.have else self.view)
        if not count:
            # The kernel is gone; the next one starts other environments.
            os._exit(0)
        self.have += count


class Log(io.TextIOWrapper):
    """A stream whose lines stand between marks of the invocation that wrote them, when it wrote any."""

    def __init__(self, descriptor):
        super().__init__(
            io.FileIO(descriptor, "w", closefd=False), encoding="utf-8", errors="backslashreplace",
            line_buffering=True, write_through=True)
        self.request = None
        self.begun = False

    def write(self, text):
        if self.request is not None and not self.begun:
            self.begun = True
            super().write("START RequestId: %s Version: $LATEST\n" % self.request)
        return super().write(text)

    def end(self):
        if self.begun:
            super().write("END RequestId: %s\n" % self.request)
            self.begun = False
        self.request = None


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
    memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
    log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
    identity = Identity()

    def __init__(self, given):
        self.aws_request_id = given["request_id"]
        self.invoked_function_arn = given["function_arn"]
        self._deadline = given["deadline_ms"]
        told = given.get("client_context")
        self.client_context = json.loads(told) if told else None

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def trace(wrong):
    import traceback

    lines = SOURCE.split("\n") if SOURCE else []
    made = []
    for frame in traceback.extract_tb(wrong.__traceback__):
        if frame.filename == __file__:
            continue
        text = frame.line or ""
        if frame.filename.startswith("/var/task/") and frame.lineno <= len(lines):
            text = lines[frame.lineno - 1].strip()
        made.append('  File "%s", line %d, in %s\n    %s\n' % (frame.filename, frame.lineno, frame.name, text))
    return made


def failure(kind, message, request=None, wrong=None):
    told = {"errorMessage": message, "errorType": kind}
    if request is not None:
        told["requestId"] = request
    told["stackTrace"] = trace(wrong) if wrong is not None else []
    return {"request_id": request, "error_type": kind, "error": json.dumps(told)}


def load():
    name, dot, function = HANDLER.rpartition(".")
    if not dot:
        raise LookupError("Runtime.MalformedHandlerName", "Bad handler '%s': not MODULE.FUNCTION" % HANDLER)
    if SOURCE is None:
        import importlib

        sys.path.insert(0, ROOT)
        module = importlib.import_module(name.replace("/", "."))
    else:
        import types

        module = types.ModuleType(name)
        module.__file__ = "/var/task/%s.py" % name
        sys.modules[name] = module
        exec(compile(SOURCE, module.__file__, "exec"), module.__dict__)
    found = getattr(module, function, None)
    if found is None:
        raise LookupError("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function, name))
    return found


def prepare(link):
    module = HANDLER.rpartition(".")[0]
    try:
        return load()
    except LookupError as wrong:
        told = failure(*wrong.args) if len(wrong.args) == 2 else failure(type(wrong).__name__, str(wrong), None, wrong)
    except ImportError as wrong:
        told = failure("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, wrong), None, wrong)
    except SyntaxError as wrong:
        text = "Syntax error in module '%s': %s" % (module, wrong)
        told = failure("Runtime.UserCodeSyntaxError", text, None, wrong)
    except Exception as wrong:
        told = failure(type(wrong).__name__, str(wrong), None, wrong)
    link.ask(json.dumps({"answer": told}).encode())
    sys.exit(1)


# What is answered is put together here: it is all ASCII, and dumps would make an encoder for each.
quote = json.encoder.encode_basestring_ascii
encode = json.JSONEncoder(allow_nan=False).encode


def failed(told):
    return json.dumps({"answer": told}).encode()


def invoke(handler, given):
    request = given["request_id"]
    try:
        result = handler(given["event"], Context(given))
    except Exception as wrong:
        return failed(failure(type(wrong).__name__, str(wrong), request, wrong))
    try:
        if isinstance(result, (bytes, bytearray)):
            result = json.loads(bytes(result))
        return ('{"answer":{"request_id":%s,"result":%s}}' % (quote(request), quote(encode(result)))).encode()
    except (TypeError, ValueError, RecursionError) as wrong:
        return failed(failure("Runtime.MarshalError", "Unable to marshal response: %s" % wrong, request))


def main():
    sys.stdout = out = Log(1)
    sys.stderr = err = Log(2)
    link = Link(sys.argv[1])
    handler = prepare(link)
    loads, ask = json.loads, link.ask
    body, request, refused = b"{}", None, False
    while True:
        status, text = ask(body)
        given = loads(text)
        if status:
            if request is None or refused:
                out.write("the kernel refuses: %s\n" % given.get("message"))
                os._exit(1)
            # It is told why, and the caller hears that instead of the result.
            refused = True
            body = failed(failure("Function.ResponseRefused", given.get("message", ""), request))
        else:
            refused = False
            out.request = err.request = request = given["request_id"]
            body = invoke(handler, given)
            if out.begun:
                out.end()
            if err.begun:
                err.end()
            out.request = err.request = None


main()

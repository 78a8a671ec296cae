# Runs a handler in one environment: takes events from the kernel one after another, over its socket.
# The framing is docs/abi.md's; errors are told as AWS Lambda tells them.
import fcntl
import io
import json
import os
import signal
import socket
import struct
import sys
import time

HEADER = struct.Struct("<IBBHQII")
MAGIC, NEXT, FRAME_MAX, MORE = 0x324C4E41, 0x182, 1 << 20, 1
# After so many events it takes more than one at a time; so many calls are then under way.
AHEAD_AFTER, CALLS = 16, 8
SOURCE = json.loads(%SOURCE%)
HANDLER = sys.argv[2]
ROOT = os.environ.get("LAMBDA_TASK_ROOT", "/work")


def connect(path):
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.connect(path)
    return made


def framed(call, body, flags=0):
    return HEADER.pack(MAGIC, 1, flags, NEXT, call, 0, len(body)) + body


class Link:
    """Calls of FUNCTIONNEXT, several of which may be under way, and what is answered."""

    def __init__(self, path):
        self.socket = connect(path)
        self.buffer = bytearray(65536)
        self.view = memoryview(self.buffer)
        self.at = self.have = 0
        self.parts = {}

    def send(self, call, body):
        if len(body) <= FRAME_MAX:
            self.socket.sendall(HEADER.pack(MAGIC, 1, 0, NEXT, call, 0, len(body)) + body)
            return
        for at in range(0, len(body), FRAME_MAX):
            more = MORE if at + FRAME_MAX < len(body) else 0
            self.socket.sendall(framed(call, body[at:at + FRAME_MAX], more))

    def next(self):
        """The next answer: the call, a status and a text."""
        while True:
            at = self.at
            start = at + 24
            if self.have >= start:
                _, _, flags, _, call, status, length = HEADER.unpack_from(self.buffer, at)
                end = start + length
                if self.have >= end:
                    if end == self.have:
                        self.at = self.have = 0
                    else:
                        self.at = end
                    if not flags & MORE and not self.parts:
                        return call, status, str(self.view[start:end], "utf-8")
                    whole = self.parts.pop(call, b"") + self.view[start:end]
                    if not flags & MORE:
                        return call, status, whole.decode()
                    self.parts[call] = whole
                    continue
                if end > len(self.buffer):
                    self.room(24 + length)
            elif start > len(self.buffer):
                self.room(24)
            if not self.receive():
                # The kernel is gone; the next one starts other environments.
                os._exit(0)

    def room(self, wanted):
        rest = bytes(self.view[self.at:self.have])
        if wanted > len(self.buffer):
            self.view.release()
            self.buffer.extend(bytes(wanted - len(self.buffer)))
            self.view = memoryview(self.buffer)
        self.view[:len(rest)] = rest
        self.at, self.have = 0, len(rest)

    def receive(self, flags=0):
        count = self.socket.recv_into(self.view[self.have:] if self.have else self.view, 0, flags)
        self.have += count
        return count

    def give_back(self):
        """Returns events that are here and not begun, while nobody is in another method."""
        try:
            while self.have < len(self.buffer) and self.receive(socket.MSG_DONTWAIT):
                pass
        except BlockingIOError:
            pass
        given = []
        while not self.parts and self.have - self.at >= 24:
            _, _, flags, _, call, status, length = HEADER.unpack_from(self.buffer, self.at)
            if flags & MORE or status or self.have < self.at + 24 + length:
                break
            told = json.loads(bytes(self.view[self.at + 24:self.at + 24 + length]))
            given.append((call, told["request_id"]))
            self.at += 24 + length
        for call, request in reversed(given):
            # It goes before what waits already: the last one first.
            self.send(call, b'{"answer":{"request_id":"%s","returned":true},"ahead":true}' % request.encode())


class Recall:
    """Hears, while a handler runs, that the kernel wants back what has not been begun; by a signal."""

    def __init__(self, path, link):
        self.link, self.running, self.told = link, False, b""
        self.socket = connect(path)
        signal.signal(signal.SIGIO, self.hear)
        fcntl.fcntl(self.socket, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(self.socket, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)
        self.wait()

    def wait(self):
        self.socket.sendall(framed(1, b'{"recall":true}'))

    def hear(self, *_):
        # In the midst of somebody's handler: nothing may be thrown into it.
        try:
            self.told += self.socket.recv(4096)
            if len(self.told) < 24 or len(self.told) < 24 + HEADER.unpack_from(self.told)[6]:
                return
            self.told = b""
            if self.running:
                self.link.give_back()
            self.wait()
        except Exception:
            pass


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
    link.send(1, json.dumps({"answer": told}).encode())
    link.next()
    sys.exit(1)


# What is answered is put together here, without an encoder for each.
quote = json.encoder.encode_basestring_ascii
plain = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
# Deeper JSON is told as text: a request is not as deep as a result may be.
PARTS_MAX = 24
AHEAD = b',"ahead":true}'


def make_encoder():
    """What JSONEncoder does for a list or an object, with one encoder for all."""
    markers = {}
    try:
        made = json.encoder.c_make_encoder(
            markers, json.JSONEncoder().default, quote, None, ":", ",", False, False, False)
        if "".join(made({"a": [1, None]}, 0)) != '{"a":[1,null]}':
            return plain
    except TypeError:
        return plain

    def encode(value):
        if type(value) is not dict:
            return plain(value)
        try:
            return "".join(made(value, 0))
        except BaseException:
            markers.clear()
            raise

    return encode


encode = make_encoder()


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
        text = encode(result)
        if "\\ud" in text or text.count("{") + text.count("[") > PARTS_MAX:
            return ('{"answer":{"request_id":%s,"result":%s}}' % (quote(request), quote(text))).encode()
        return ('{"answer":{"request_id":%s,"value":%s}}' % (quote(request), text)).encode()
    except (TypeError, ValueError, RecursionError) as wrong:
        return failed(failure("Runtime.MarshalError", "Unable to marshal response: %s" % wrong, request))


def begin_ahead(link):
    """From now on several calls are under way, if what lies here can be asked back."""
    try:
        recall = Recall(sys.argv[1], link)
    except (OSError, ValueError):
        return None
    for call in range(2, CALLS + 1):
        link.send(call, b'{"ahead":true}')
    return recall


def main():
    sys.stdout = out = Log(1)
    sys.stderr = err = Log(2)
    link = Link(sys.argv[1])
    handler = prepare(link)
    loads, send, next_answer = json.loads, link.send, link.next
    recall, events = None, 0
    # What the kernel has not taken yet: by call, the event that it answered.
    answered = {}
    send(1, b"{}")
    while True:
        call, status, text = next_answer()
        given = loads(text)
        if status:
            request = answered.pop(call, None)
            if request is None:
                out.write("the kernel refuses: %s\n" % given.get("message"))
                os._exit(1)
            # It is told why, and the caller hears that instead of the result.
            body = failed(failure("Function.ResponseRefused", given.get("message", ""), request))
        else:
            events += 1
            if events == AHEAD_AFTER:
                recall = begin_ahead(link)
            out.request = err.request = answered[call] = given["request_id"]
            if recall is not None:
                recall.running = True
                body = invoke(handler, given)
                recall.running = False
            else:
                body = invoke(handler, given)
            if out.begun:
                out.end()
            if err.begun:
                err.end()
            out.request = err.request = None
        send(call, body if recall is None else body[:-1] + AHEAD)


main()

"""The preloaded interpreter of the warm pool: waits inside a sandbox for the program that it is to become.

The kernel starts it as `python3 …/analemma/_boot.py`, with the options and the environment of a plain
`python3 SCRIPT SOCKET`, so that site, the standard streams and the signal handlers are what a program expects. It
imports what programs commonly use, asks for work with CLAIM on the sandbox's socket, and blocks. The answer names a
script, which is read and compiled at once, and runs as `__main__` in this interpreter, once, when the kernel says that
it may: until then its SPAWN may be on its way to the disk. Nothing is ever reused. Waiting, it has 12 MiB of its
own (a bare interpreter has 6; asyncio is half of the difference).

A program must not be able to tell the difference from a cold start. Where this interpreter could not keep that up, it
replaces itself by `python3 SCRIPT SOCKET ARGS…` (execve) and costs what a cold start costs:

  - a variable in the environment that Python reads before any program, and that differs from what it was started with;
  - a file beside the script with the name of a module that is loaded here already;
  - a script that is not a plain source file that compiles: Python says itself what is wrong with it.

What does differ: this file's frame lies below the script's in a listing of the stack (not in tracebacks), and
/proc/self/cmdline and /proc/self/environ show how the interpreter was started.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, TracebackType
    from typing import Any, NoReturn

    from analemma._session import Exchange, Session

_PRELOADED = (
    "asyncio",
    "collections",
    "dataclasses",
    "datetime",
    "functools",
    "json",
    "logging",
    "os",
    "pathlib",
    "random",
    "re",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "traceback",
    "typing",
)

# Read by the interpreter, its libraries or the loader before a program's first line.
_STARTUP_NAMES = frozenset({"HOME", "LANG", "LANGUAGE", "GCONV_PATH", "GLIBC_TUNABLES"})
_STARTUP_PREFIXES = ("PYTHON", "LC_", "LD_", "MALLOC_")

# What a sandbox adds to the environment of a program that does not have it, as it did to ours.
_DEFAULTED_NAMES = ("PATH", "HOME", "LANG", "PYTHONPATH")

_SOCKET = "/run/analemma/agent.sock"

_REHEARSALS = 10


class _Work:
    """What CLAIM answered."""

    def __init__(self, fields: dict[str, Any], started_with: dict[str, str], socket_path: str) -> None:
        self.script: str = fields["script"]
        self.env: dict[str, str] = {name: started_with[name] for name in _DEFAULTED_NAMES if name in started_with}
        self.env.update(fields.get("env") or {})
        self.cwd: str = fields.get("cwd") or "/work"
        socket_path = self.env.get("ANALEMMA_SOCKET") or socket_path
        self.argv: list[str] = [self.script, socket_path, *(fields.get("args") or [])]
        self.folder = ""


class _Unfaithful(Exception):
    """Only a new interpreter can run this program as a plain Python would."""


def _preload() -> None:
    import importlib

    for name in _PRELOADED:
        importlib.import_module(name)


class _Claim:
    """A CLAIM under way. What to become comes first, and later, in a frame of its own, that it may begin: nothing of
    the program runs before that. Both may come as one."""

    def __init__(self, socket_path: str) -> None:
        import _socket

        from analemma import _calls
        from analemma._session import Request, Session

        self._session = Session()
        self._exchange, frame = self._session.begin(Request(_calls.CLAIM, b"{}"))
        self._connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
        try:
            self._connection.connect(socket_path)
            self._connection.sendall(frame)
        except BaseException:
            self._connection.close()
            raise

    def work(self, started_with: dict[str, str], socket_path: str) -> _Work | None:
        """Blocks until there is work; None when the kernel has gone."""
        from analemma import _calls

        if not _receive(self._connection, self._session, self._exchange, False):
            return None
        exchange = self._exchange
        if exchange.error is not None:
            raise exchange.error
        told = exchange.take()
        return _Work(_calls.parse(told[0] if told else exchange.answer), started_with, socket_path)

    def begins(self) -> bool:
        """Blocks until the work may begin; False when the kernel has gone."""
        has_come = _receive(self._connection, self._session, self._exchange, True)
        self._connection.close()
        if has_come and self._exchange.error is not None:
            raise self._exchange.error
        return has_come


def _receive(connection: Any, session: Session, exchange: Exchange, whole: bool) -> bool:
    while not exchange.over and (whole or not exchange.pieces):
        count = connection.recv_into(session.buffer())
        if count == 0:
            return False
        session.received(count)
    return True


def _rehearse(started_with: dict[str, str], loaded: set[str]) -> None:
    """Goes through all that comes between a claim's answer and an agent's first syscall, on a kernel of its own making.

    What runs for the first time, in memory that was never touched, takes several times as long; Python 3.11 and later
    also specialise code at its eighth run (PEP 659).
    """
    import _socket
    import gc
    import json

    from analemma import _calls
    from analemma._session import HEADER, MAGIC, MORE, RAW, RESPONSE, Request, Session
    from analemma._sync import Kernel

    here, there = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    script = __file__.rpartition("/")[0] + "/_paths.py"
    body = json.dumps({"script": script, "args": [], "env": {**started_with, "ANALEMMA_NAME": "nobody"}}).encode()
    for _ in range(_REHEARSALS):
        session = Session()
        exchange, _frame = session.begin(Request(_calls.CLAIM, b"{}"))
        there.sendall(HEADER.pack(MAGIC, RESPONSE, MORE, _calls.CLAIM, exchange.id, 0, len(body)) + body)
        _receive(here, session, exchange, False)
        work = _Work(_calls.parse(exchange.take()[0]), started_with, _SOCKET)
        try:
            _check(work, started_with, loaded)
        except _Unfaithful:
            pass
        _compile(work)
        _set_environment(work.env)
        _set_environment(started_with)
        there.sendall(HEADER.pack(MAGIC, RESPONSE, 0, _calls.CLAIM, exchange.id, 0, 2) + b"{}")
        _receive(here, session, exchange, True)
        kernel = Kernel(_SOCKET)
        kernel._use(here)
        there.sendall(HEADER.pack(MAGIC, RESPONSE, RAW, _calls.NOOP, 1, 0, 0))
        kernel.noop()
    here.close()
    there.close()
    gc.collect()


def _check(work: _Work, started_with: dict[str, str], loaded: set[str]) -> None:
    """Raises _Unfaithful when this interpreter is not what a new one would be."""
    import os

    for name in started_with.keys() | work.env.keys():
        if name in _STARTUP_NAMES or name.startswith(_STARTUP_PREFIXES):
            here, there = started_with.get(name), work.env.get(name)
            if here != there and not (name == "PYTHONUNBUFFERED" and not here):
                raise _Unfaithful(name)
    work.folder = os.path.dirname(os.path.realpath(work.script))
    try:
        beside = os.listdir(work.folder or ".")
    except OSError as failed:
        raise _Unfaithful(work.folder) from failed
    if any(name.partition(".")[0] in loaded for name in beside):
        raise _Unfaithful("a module beside the script")


def _compile(work: _Work) -> CodeType:
    """The script's code. The name is absolute, as in a plain Python since 3.9."""
    import os
    from _io import FileIO

    if work.script.endswith(".pyc"):
        raise _Unfaithful("compiled")
    try:
        with FileIO(work.script) as file:
            source = file.readall()
        code: CodeType = compile(source, os.path.abspath(work.script), "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError, MemoryError, RecursionError) as failed:
        raise _Unfaithful(work.script) from failed
    return code


def _replace(work: _Work) -> NoReturn:
    """Starts over as a plain Python, called as this one was: sys.orig_argv came with 3.10."""
    import os
    from _io import FileIO

    with FileIO("/proc/self/cmdline") as file:
        called = os.fsdecode(file.readall().split(b"\0", 1)[0])
    os.execve(sys.executable, [called, *work.argv], work.env)


def _move_in(work: _Work, started_with: dict[str, str]) -> None:
    """Gives the process the environment, the folder and the arguments of the program."""
    import os
    import time

    zone = os.environ.get("TZ")
    _set_environment(work.env)
    if os.environ.get("TZ") != zone:
        time.tzset()
    if work.env.get("PYTHONUNBUFFERED") and not started_with.get("PYTHONUNBUFFERED"):
        _unbuffer()
    sys.argv[:] = work.argv
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[1:] = work.argv
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, work.folder)


def _set_environment(env: dict[str, str]) -> None:
    import os

    for name in os.environ.keys() - env.keys():
        del os.environ[name]
    for name, value in env.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _unbuffer() -> None:
    import io

    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        old = getattr(sys, name)
        raw = io.FileIO(descriptor, "w", closefd=False)
        new = io.TextIOWrapper(
            raw, old.encoding, old.errors, newline="\n", line_buffering=old.line_buffering, write_through=True
        )
        new.mode = "w"  # type: ignore[misc]
        raw.name = f"<{name}>"
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


def _become_main(filename: str) -> dict[str, Any]:
    """Empties the real __main__ of this file's names, and dresses it as the script's."""
    from importlib.machinery import SourceFileLoader

    main = sys.modules["__main__"].__dict__
    for name in list(main):
        if name != "__builtins__":
            del main[name]
    builtins = main.pop("__builtins__")
    main.update(
        __name__="__main__",
        __doc__=None,
        __package__=None,
        __loader__=SourceFileLoader("__main__", filename),
        __spec__=None,
        __annotations__={},
        __builtins__=builtins,
        __file__=filename,
        __cached__=None,
    )
    return main


def _from_script_on(code: CodeType, hook: Callable[..., Any]) -> Callable[..., None]:
    """Shows an exception that ended the program as a plain Python would: from the script's frame on."""

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.excepthook = hook
        while trace is not None and trace.tb_frame.f_code is not code:
            trace = trace.tb_next
        error.__traceback__ = trace
        sys.last_traceback = trace
        hook(kind, error, trace)

    return show


def run(modules_before: set[str]) -> None:
    """Waits for work and becomes it. The modules are those that a plain Python has loaded when its program begins."""
    import os

    started_with = dict(os.environ)
    _preload()
    loaded = {name.partition(".")[0] for name in sys.modules} - modules_before
    _rehearse(started_with, loaded)
    socket_path = started_with.get("ANALEMMA_SOCKET") or _SOCKET
    try:
        claim = _Claim(socket_path)
        work = claim.work(started_with, socket_path)
    except OSError as failed:
        sys.exit(f"analemma: cannot wait for work at {socket_path}: {failed}")
    if work is None:
        sys.exit(0)
    try:
        os.chdir(work.cwd)
        _check(work, started_with, loaded)
        code = _compile(work)
    except (_Unfaithful, OSError):
        code = None
    if code is not None:
        _move_in(work, started_with)
    if not claim.begins():
        sys.exit(0)
    if code is None:
        _replace(work)
    main = _become_main(code.co_filename)
    del modules_before, loaded, started_with, socket_path, work, claim
    try:
        exec(code, main)
    except SystemExit:
        raise
    except BaseException:
        sys.excepthook = _from_script_on(code, sys.excepthook)
        raise


if __name__ == "__main__":
    _modules_before = {name.partition(".")[0] for name in sys.modules}
    # This folder is the package's; what is importable is the folder above, which PYTHONPATH may name already.
    if not getattr(sys.flags, "safe_path", False):
        sys.path.pop(0)
    _above = __file__.rpartition("/")[0].rpartition("/")[0]
    if _above not in sys.path:
        sys.path.insert(0, _above)
        from analemma import _boot

        sys.path.pop(0)
    else:
        from analemma import _boot
    _boot.run(_modules_before)

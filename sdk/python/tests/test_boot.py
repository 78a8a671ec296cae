"""The preloaded interpreter: a program must not be able to tell it from a cold start.

Each program runs under `python3 SCRIPT SOCKET ARGS…` and under _boot with a scripted kernel that answers its CLAIM,
and both must write the same, in the same order on each stream, and end the same way.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest
from typing import Any, NamedTuple

sys.path.insert(0, os.path.dirname(__file__))

from scripted import Peer, Scripted

SDK = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
BOOT = os.path.join(SDK, "analemma", "_boot.py")

PROGRAMS = {
    "hello": "print('hello')",
    "arguments": "import sys, os; print(sys.argv, sys.path[0], os.getcwd(), sys.orig_argv[1:])",
    "main_module": "print(__name__, __file__, __doc__, __package__, __spec__, __cached__, list(globals()))",
    "loader": "print(type(__loader__).__name__, __loader__.name, __loader__.path, type(__builtins__).__name__)",
    "docstring": "'''What it is.'''\nprint(__doc__)",
    "environment": "import os; print(sorted(os.environ.items()), os.getenv('GIVEN'), os.getenv('HOME'))",
    "environment_of_children": "import subprocess; print(subprocess.run(['env'], capture_output=True).stdout)",
    "raises": "def f():\n    raise ValueError('no')\nprint('before')\nf()",
    "raises_a_chain": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('x') from e",
    "raises_in_context": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    open('/nonexistent')",
    "raises_a_group": "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])" if sys.version_info >= (3, 11) else "",
    "raises_from_a_library": "import json\njson.loads('{')",
    "recursion": "def f():\n    f()\ntry:\n    f()\nexcept RecursionError as e:\n    print(e)",
    "exit_none": "import sys; sys.exit()",
    "exit_zero": "import sys; print('x'); sys.exit(0)",
    "exit_code": "import sys; sys.exit(41)",
    "exit_true": "import sys; sys.exit(True)",
    "exit_large": "import sys; sys.exit(300)",
    "exit_negative": "import sys; sys.exit(-1)",
    "exit_text": "import sys; sys.exit('went wrong')",
    "exit_object": "import sys; sys.exit(['went', 'wrong'])",
    "exit_builtin": "exit(5)",
    "exit_hard": "import os; print('lost'); os._exit(6)",
    "exit_raised": "raise SystemExit(7)",
    "exit_in_a_function": "def f():\n    try:\n        raise SystemExit(8)\n    finally:\n        print(9)\nf()",
    "interrupted": "raise KeyboardInterrupt",
    "interrupted_by_a_signal": "import os, signal; os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(5)",
    "terminated": "import os, signal; os.kill(os.getpid(), signal.SIGTERM); import time; time.sleep(5)",
    "segfault": "import ctypes; ctypes.string_at(0)",
    "aborted": "import os; os.abort()",
    "signal_handlers": "import signal; print([(s.name, str(signal.getsignal(s))[:20]) for s in signal.Signals])",
    "at_exit": "import atexit; atexit.register(print, 'first'); atexit.register(print, 'second'); print('main')",
    "at_exit_after_an_error": "import atexit; atexit.register(print, 'cleaned'); raise ValueError('no')",
    "at_exit_raises": "import atexit; atexit.register(lambda: 1 / 0); print('main')",
    "at_exit_and_file": "import atexit; atexit.register(lambda: print('__file__' in globals()))",
    "own_excepthook": "import sys; sys.excepthook = lambda *a: print('hook', a[0].__name__, a[2].tb_lineno); 1 / 0",
    "excepthook_at_exit": "import atexit, sys; atexit.register(lambda: print(sys.excepthook is sys.__excepthook__)); x",
    "excepthook_that_exits": "import sys; sys.excepthook = lambda *a: sys.exit(9)\n1 / 0",
    "input_at_the_end": "input('? ')",
    "input_caught": "try:\n    input()\nexcept EOFError as e:\n    print('eof', e)",
    "stdin": "import sys; print(sys.stdin.read(), sys.stdin.isatty(), sys.stdin.encoding)",
    "streams": "import sys\nfor s in (sys.stdin, sys.stdout, sys.stderr):\n"
    "    print(s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.write_through, s.buffer.raw.mode)",
    "stdout_is_buffered": "import os, sys; print('text'); os.write(1, b'bytes\\n')",
    "stdout_closed": "import sys; sys.stdout.close()",
    "unicode": "print('grüße \\U0001f600'); print(ascii('é'))",
    "unicode_source": "# coding: latin-1\nprint('caf\\xe9')",
    "asyncio": "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 3\nprint(asyncio.run(f()))",
    "asyncio_error": "import asyncio\nasync def f():\n    raise ValueError('async')\nasyncio.run(f())",
    "asyncio_debug": "import asyncio\nasync def f():\n    return asyncio.get_running_loop().get_debug()\n"
    "print(asyncio.run(f()))",
    "threads": "import threading\nt = threading.Thread(target=lambda: print(threading.current_thread().name))\n"
    "t.start(); t.join(); print(threading.main_thread() is threading.current_thread(), threading.active_count())",
    "thread_outlives_main": "import threading, time\n"
    "threading.Thread(target=lambda: (time.sleep(0.05), print('late'))).start()\nprint('main ends')",
    "thread_raises": "import threading\ndef f():\n    raise ValueError('in a thread')\n"
    "t = threading.Thread(target=f, name='T'); t.start(); t.join()",
    "fork": "import os\npid = os.fork()\nif pid == 0:\n    print('child', flush=True); os._exit(0)\n"
    "os.waitpid(pid, 0); print('parent')",
    "multiprocessing_fork": """
        import multiprocessing
        def square(x):
            return x * x
        if __name__ == '__main__':
            with multiprocessing.get_context('fork').Pool(2) as pool:
                print(pool.map(square, range(4)))
        """,
    "multiprocessing_spawn": """
        import multiprocessing, sys
        print('imported as', __name__)
        def square(x):
            return x * x
        if __name__ == '__main__':
            with multiprocessing.get_context('spawn').Pool(1) as pool:
                print(pool.map(square, range(4)))
                pool.close()
                pool.join()
        """,
    "process_pool": """
        from concurrent.futures import ProcessPoolExecutor
        class Point:
            def __init__(self, x):
                self.x = x
        def move(p):
            return Point(p.x + 1)
        if __name__ == '__main__':
            with ProcessPoolExecutor(1) as pool:
                print(pool.submit(move, Point(1)).result().x)
        """,
    "pickle_of_main": """
        import pickle, sys
        class C:
            pass
        data = pickle.dumps(C)
        print(data, pickle.loads(data) is C, C.__module__, sys.modules['__main__'].C is C)
        """,
    "dataclasses_and_typing": """
        from __future__ import annotations
        from dataclasses import dataclass
        from typing import get_type_hints
        @dataclass
        class P:
            x: int
        print(P(1), get_type_hints(P))
        """,
    "future_is_not_inherited": "def f(x: int): pass\nprint(f.__annotations__)",
    "module_beside": "import helper; print(helper.VALUE, helper.__file__)",
    "module_that_hides_another": "import random; print(random.MINE)",
    "syntax_error": "print('x'\nprint('y')",
    "indentation_error": "if True:\nprint('x')",
    "null_byte": "print('x')\0",
    "bad_encoding": "# coding: nonsense\nprint('x')",
    "warning": "import warnings; warnings.warn('careful'); warnings.warn('old', DeprecationWarning)",
    "warning_at_compile": "x = 1\nprint(x is 1)",
    "warning_of_a_caller": "import warnings\ndef f():\n    warnings.warn('careful', stacklevel=2)\nf()",
    "assertion": "assert False, 'why'",
    "inspect_source": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f), inspect.getfile(f))",
    "traceback_text": "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    print(traceback.format_exc())",
    "again": """
        import runpy, sys
        if len(sys.argv) < 9:
            sys.argv += ["x"] * 9
            runpy.run_path(__file__)
        print(1)
        """,
    "flags": "import sys; print(sys.flags, sys.warnoptions, sys.implementation.name, sys.executable, sys.prefix)",
    "paths": "import sys; print(sys.path)",
    "open_files": "import os; print(sorted(os.listdir('/proc/self/fd'))[:3], len(os.listdir('/proc/self/fd')))",
    "logging": "import logging; logging.warning('to stderr'); logging.basicConfig(level=10); logging.debug('now')",
    "random_is_random": "import random; print(0 <= random.random() < 1)",
    "time_zone": "import time; print(time.tzname, time.localtime(0).tm_hour)",
    "temporary_files": "import tempfile; print(tempfile.gettempdir())",
    "deleted_names": "del __file__\nprint('gone')",
    "imports_the_sdk": "import analemma, agentos; print(analemma.__version__, agentos.SyscallOp.SYS_NOOP)",
    "imports_main": "import __main__; x = 5; print(__main__.x, __main__.__file__)",
    "exec_self": "import os, sys\nif os.environ.get('AGAIN') is None:\n    os.environ['AGAIN'] = '1'\n"
    "    os.execv(sys.executable, [sys.executable, *sys.argv])\nprint('again', sys.argv[2:])",
    "gc": "import gc; print(gc.isenabled(), gc.get_threshold(), gc.garbage)",
    "limits": "import sys; print(sys.getrecursionlimit(), sys.getswitchinterval(), sys.gettrace(), sys.getprofile())",
}

ENVIRONMENTS: dict[str, dict[str, str]] = {
    "unbuffered": {"PYTHONUNBUFFERED": "1"},
    "optimised": {"PYTHONOPTIMIZE": "1"},
    "hash_seed": {"PYTHONHASHSEED": "1"},
    "latin": {"PYTHONIOENCODING": "latin-1"},
    "zone": {"TZ": "Asia/Tokyo"},
    "warnings": {"PYTHONWARNINGS": "error"},
}


class Outcome(NamedTuple):
    code: int
    stdout: bytes
    stderr: bytes


class BootTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = os.path.join(os.path.realpath(folder.name), "work")
        os.mkdir(self.work)
        self.claims: list[dict[str, Any]] = []
        self.closed = 0
        self.comes_as_one = False

        def kernel(peer: Peer) -> None:
            frames = peer.frames()
            frame = next(frames)
            assert (frame.opcode, frame.json) == (0x106, {})
            claim = self.claims.pop()
            if self.comes_as_one:
                peer.drip(frame.answer(claim))
            else:
                peer.drip(frame.answer(claim, more=True) + frame.answer({"id": 3}))
            assert next(frames, None) is None
            self.closed += 1

        self.kernel = Scripted(kernel)
        self.addCleanup(self.kernel.__exit__)
        self.base = {
            "PATH": os.environ["PATH"],
            "HOME": self.work,
            "LANG": "C.UTF-8",
            "PYTHONPATH": SDK,
            "PYTHONDONTWRITEBYTECODE": "1",
            "ANALEMMA_SOCKET": self.kernel.path,
        }

    def put(self, name: str, text: str) -> str:
        path = os.path.join(self.work, name)
        encoding = "latin-1" if "latin-1" in text else "utf-8"
        with open(path, "w", encoding=encoding) as file:
            file.write(textwrap.dedent(text))
        return path

    def plainly(self, script: str, env: dict[str, str], args: tuple[str, ...] = ()) -> Outcome:
        return self.run_python([script, self.kernel.path, *args], {**self.base, **env}, self.work)

    def booted(self, script: str, env: dict[str, str], args: tuple[str, ...] = ()) -> Outcome:
        self.claims.append(
            {"id": 3, "script": script, "args": [*args], "env": {**self.base, **env}, "cwd": self.work}
        )
        return self.run_python([BOOT], self.base, "/")

    def run_python(self, argv: list[str], env: dict[str, str], cwd: str) -> Outcome:
        ran = subprocess.run(
            [sys.executable, *argv], env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
        # Addresses are random.
        return Outcome(ran.returncode, *(re.sub(rb"0x[0-9a-f]+", b"0x", text) for text in (ran.stdout, ran.stderr)))

    def same(self, script: str, env: dict[str, str] | None = None, args: tuple[str, ...] = ()) -> Outcome:
        plain = self.plainly(script, env or {}, args)
        booted = self.booted(script, env or {}, args)
        self.assertEqual(booted, plain)
        return booted

    def test_programs_do_the_same_as_under_a_plain_python(self) -> None:
        self.put("helper.py", "VALUE = 7")
        for name, text in PROGRAMS.items():
            with self.subTest(name):
                beside = None
                if name == "module_that_hides_another":
                    beside = self.put("random.py", "MINE = 'mine'")
                self.same(self.put(f"{name}.py", text), {"GIVEN": "value"}, ("one", "two words"))
                if beside:
                    os.unlink(beside)
        self.assertEqual(self.closed, len(PROGRAMS))

    def test_environments_do_the_same_as_under_a_plain_python(self) -> None:
        script = self.put(
            "shown.py",
            """
            import os, sys, time, warnings
            print('a', time.tzname, hash('x') if 'PYTHONHASHSEED' in os.environ else '')
            for s in (sys.stdout, sys.stderr):
                print(s.name, s.mode, s.encoding, s.write_through, type(s.buffer))
            os.write(1, b'bytes\\n')
            print('b')
            warnings.warn('w')
            """,
        )
        for name, env in ENVIRONMENTS.items():
            with self.subTest(name):
                self.same(script, env)

    def test_scripts_that_are_not_plain_files_do_the_same(self) -> None:
        folder = os.path.join(self.work, "package")
        os.mkdir(folder)
        self.put("package/__main__.py", "print('a folder', __name__)")
        os.symlink("package/__main__.py", os.path.join(self.work, "link.py"))
        for script in (folder, os.path.join(self.work, "missing.py"), os.path.join(self.work, "link.py"), "link.py"):
            with self.subTest(script):
                self.same(script)

    def test_a_program_stays_in_the_waiting_interpreter(self) -> None:
        script = self.put("who.py", "import os, sys; print('json' in sys.modules, open('/proc/self/cmdline').read())")
        out = self.booted(script, {}).stdout.decode()
        self.assertTrue(out.startswith("True") and "_boot.py" in out, out)
        # The negative control: one that it could not run faithfully starts over.
        self.put("json.py", "")
        self.assertNotIn("_boot.py", self.booted(script, {}).stdout.decode())

    def test_what_a_sandbox_adds_to_an_environment_is_there(self) -> None:
        script = self.put("env.py", "import os, analemma; print(sorted(os.environ), open('/proc/self/cmdline').read())")
        bare = {"PYTHONDONTWRITEBYTECODE": "1", "GIVEN": "1", "ANALEMMA_SOCKET": self.kernel.path}
        self.claims.append({"id": 3, "script": script, "env": bare, "cwd": self.work})
        outcome = self.run_python([BOOT], self.base, "/")
        self.assertEqual(outcome.stderr, b"")
        names = sorted([*bare, "PATH", "HOME", "LANG", "PYTHONPATH"])
        self.assertTrue(outcome.stdout.decode().startswith(str(names)), outcome.stdout)
        self.assertIn(b"_boot.py", outcome.stdout)

    def test_what_to_become_and_that_it_may_begin_can_come_as_one(self) -> None:
        self.comes_as_one = True
        self.same(self.put("plain.py", PROGRAMS["hello"]))
        self.same(self.put("not_plain.py", PROGRAMS["syntax_error"]))

    def test_nothing_runs_before_the_kernel_says_that_it_may_begin(self) -> None:
        for program in (PROGRAMS["hello"], PROGRAMS["syntax_error"]):
            script = self.put("early.py", program)

            def gone(peer: Peer, script: str = script) -> None:
                frame = next(peer.frames())
                env = {**self.base, "ANALEMMA_SOCKET": "/nonexistent"}
                peer.send(frame.answer({"id": 3, "script": script, "env": env, "cwd": self.work}, more=True))

            with Scripted(gone) as kernel:
                outcome = self.run_python([BOOT], {**self.base, "ANALEMMA_SOCKET": kernel.path}, "/")
            self.assertEqual(outcome, Outcome(0, b"", b""))

    def test_it_ends_quietly_when_the_kernel_goes(self) -> None:
        def gone(peer: Peer) -> None:
            next(peer.frames())

        with Scripted(gone) as kernel:
            outcome = self.run_python([BOOT], {**self.base, "ANALEMMA_SOCKET": kernel.path}, "/")
        self.assertEqual(outcome, Outcome(0, b"", b""))

    def test_it_says_why_it_cannot_wait(self) -> None:
        outcome = self.run_python([BOOT], {**self.base, "ANALEMMA_SOCKET": "/nonexistent.sock"}, "/")
        self.assertEqual(outcome.code, 1)
        self.assertIn(b"/nonexistent.sock", outcome.stderr)


if __name__ == "__main__":
    unittest.main()

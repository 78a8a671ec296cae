"""A kernel for one demonstration: on a socket and a state folder of its own, gone at the end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
import time

from analemma import AsyncKernel, ConnectionFailed

_READY_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 20.0


class KernelDidNotStart(Exception):
    """The kernel ended, or did not answer in time; the message has the end of its log."""


class OwnKernel:
    """`async with OwnKernel(command) as kernel:` starts a kernel by the command line, and stops it."""

    def __init__(self, command: str, env: dict[str, str] | None = None) -> None:
        self._command = command
        self._env = env or {}
        self._folder = tempfile.TemporaryDirectory(prefix="analemma-demo-")
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = os.path.join(self._folder.name, "kernel.sock")
        self.log = os.path.join(self._folder.name, "kernel.log")
        self.client = AsyncKernel(self.socket)

    async def __aenter__(self) -> AsyncKernel:
        await self._start()
        return self.client

    async def crash(self) -> None:
        """Kills it with SIGKILL, as a loss of power would."""
        assert self._process is not None
        await self.client.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.get_running_loop().run_in_executor(None, self._process.wait)
        # The kernel may be a child of what we started, and then dies a little later.
        deadline = time.monotonic() + _STOP_SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                os.killpg(self._process.pid, 0)
            except ProcessLookupError:
                return
            await asyncio.sleep(0.01)

    async def again(self) -> None:
        """Starts another one on what the one before has left on disk."""
        self.client = AsyncKernel(self.socket)
        await self._start()

    async def _start(self) -> None:
        argv = [self._command, "kernel", "start", "--foreground", "--socket", self.socket]
        argv += ["--set", f"kernel.state_folder={os.path.join(self._folder.name, 'state')}"]
        with open(self.log, "ab") as log:
            # A group of its own, so that Ctrl-C comes to us and we stop it in order.
            self._process = subprocess.Popen(
                argv,
                env={**os.environ, **self._env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            await self._answers()
        except BaseException:
            await self._stop()
            raise

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _answers(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _READY_SECONDS_MAX
        while True:
            try:
                await self.client.connect()
                return
            except ConnectionFailed:
                if self._process.poll() is not None:
                    raise KernelDidNotStart(self._end_of_log(f"ended with code {self._process.returncode}")) from None
                if time.monotonic() > deadline:
                    raise KernelDidNotStart(self._end_of_log(f"did not answer in {_READY_SECONDS_MAX:g} s")) from None
            await asyncio.sleep(0.02)

    def _end_of_log(self, what: str) -> str:
        with open(self.log, errors="replace") as log:
            return f"the kernel {what}; the end of its log:\n{''.join(log.readlines()[-15:])}"

    async def _stop(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            try:
                await self.client.shutdown(grace=0)
            except Exception:  # whatever is wrong with it, it must not stay
                os.killpg(process.pid, signal.SIGTERM)
            try:
                await asyncio.get_running_loop().run_in_executor(None, process.wait, _STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        await self.client.close()
        self._folder.cleanup()

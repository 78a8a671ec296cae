"""The live table: drawn over itself on a terminal, plain blocks of text elsewhere."""

from __future__ import annotations

import sys
from typing import Callable, Sequence

from analemma import Process

_COLUMNS = (("NAME", 12), ("STATE", 9), ("CPU", 8), ("THROTTLED", 10), ("MEMORY", 9), ("PIDS", 5), ("DENIED", 7))


def _row(process: Process) -> str:
    cells = (
        process.name,
        process.state,
        f"{process.cpu_ms / 1000:.1f}s",
        f"{process.throttled_ms / 1000:.1f}s",
        f"{process.memory_bytes / (1 << 20):.0f}M",
        str(process.pids),
        str(process.denied),
    )
    return "  ".join(cell.ljust(width) for cell, (_, width) in zip(cells, _COLUMNS))


class LiveTable:
    """Shows processes again and again; `note` says one thing more about each."""

    def __init__(self, say: Callable[[str], None], shown: bool) -> None:
        self._say = say
        self._redraws = shown and sys.stdout.isatty()
        self._lines = 0

    @property
    def interval(self) -> float:
        """Seconds between two pictures: many on a terminal, few in a log."""
        return 0.25 if self._redraws else 2.0

    def show(self, processes: Sequence[Process], note: Callable[[Process], str]) -> None:
        lines = ["  ".join(title.ljust(width) for title, width in _COLUMNS)]
        lines += [f"{_row(process)}  {note(process)}" for process in processes]
        if self._redraws and self._lines:
            sys.stdout.write(f"\x1b[{self._lines}A")
        for line in lines:
            self._say(f"\x1b[2K  {line.rstrip()}" if self._redraws else f"  {line.rstrip()}")
        if not self._redraws:
            self._say("")
        self._lines = len(lines)

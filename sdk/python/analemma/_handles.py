"""Large bodies without copies: memory that nobody can change any more, passed by its descriptor.

    kernel.send("renderer", {"width": 4096}, handle=pixels)      # bytes: copied once, into sealed memory

    with SealedMemory.make(size, fill) as frame:                 # or filled in place, and sent as often as one likes
        kernel.send("renderer", handle=frame)

    for message in kernel.mailbox():
        with message.handle as memory:                           # what the sender's is, mapped and not copied
            work(memory.view())
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Union

    Handle = Union["SealedMemory", bytes, bytearray, memoryview, int]

# memfd_create(2), fcntl(2): the same on every architecture.
_F_ADD_SEALS = 1033
_ALL_SEALS = 0x1 | 0x2 | 0x4 | 0x8


class SealedMemory:
    """Memory of a fixed size and content. Close it, or use it in a `with`; views of it end with it.

    `view()` is a read-only memoryview, without a copy; `bytes(memory)` is a copy.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._map: Any = None
        self.size = size

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> SealedMemory:
        """Memory with a copy of `data`."""
        with memoryview(data).cast("B") as source:
            if source.nbytes < 1:
                raise ValueError("the memory would have 0 bytes; a handle has at least 1")
            descriptor = os.memfd_create("analemma", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            try:
                # Written, not mapped: a fault for each page costs more than the copy.
                done = 0
                while done < source.nbytes:
                    done += os.write(descriptor, source[done:])
                _seal(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            return cls(descriptor, source.nbytes)

    @classmethod
    def make(cls, size: int, fill: Callable[[memoryview], object]) -> SealedMemory:
        """Memory of `size` bytes that `fill` writes in place, through a view that ends with it."""
        import mmap

        if size < 1:
            raise ValueError(f"the memory would have {size} bytes; a handle has at least 1")
        descriptor = os.memfd_create("analemma", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, size)
            with mmap.mmap(descriptor, size) as mapped, memoryview(mapped) as view:
                fill(view)
            _seal(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor, size)

    def view(self) -> memoryview:
        """The bytes, read-only, mapped and not copied."""
        if self._map is None:
            import mmap

            self._map = mmap.mmap(self.fileno(), self.size, access=mmap.ACCESS_READ)
        return memoryview(self._map)

    def fileno(self) -> int:
        """The descriptor, while this is open."""
        if self._descriptor < 0:
            raise ValueError("the memory is closed")
        return self._descriptor

    def close(self) -> None:
        """Gives the memory back, once nobody has a view of it."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        mapped, self._map = self._map, None
        if mapped is not None:
            try:
                mapped.close()
            except BufferError:
                # Somebody has a view; the mapping goes with the last of them.
                pass

    def __len__(self) -> int:
        return self.size

    def __bytes__(self) -> bytes:
        return bytes(self.view())

    def __enter__(self) -> SealedMemory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SealedMemory({self.size} bytes{'' if self._descriptor >= 0 else ', closed'})"


def _seal(descriptor: int) -> None:
    import fcntl

    fcntl.fcntl(descriptor, _F_ADD_SEALS, _ALL_SEALS)


def opened(handle: Handle) -> tuple[int, SealedMemory | None]:
    """The descriptor to send, and what is to be closed after."""
    if isinstance(handle, SealedMemory):
        return handle.fileno(), None
    if isinstance(handle, int):
        return handle, None
    made = SealedMemory.of(handle)
    return made.fileno(), made

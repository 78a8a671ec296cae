"""Generic classes without the cost of importing `typing`, which only a type checker needs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic as Generic
    from typing import TypeVar

    T = TypeVar("T")
    G = TypeVar("G")
else:
    T = G = None

    class Generic:
        def __class_getitem__(cls, _):
            return cls

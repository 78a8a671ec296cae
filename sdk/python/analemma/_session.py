"""The native framing, without any I/O: bytes in, finished exchanges out.

A client of either kind owns one `Session` per connection. It sends what `begin` and `cancel` return, receives into
`buffer()` and says with `received(n)` how much came. Each request in flight is an `Exchange`, which gathers its frames
and calls its `wake`, if it has one, when something has come.

A frame is a 24-byte little-endian header and a payload:

    offset  size  field
         0     4  magic       the bytes 41 4E 4C 32, "ANL2"
         4     1  kind        1 request, 2 response, 3 cancel
         5     1  flags       1 MORE: another frame of this request id follows; 2 RAW: bytes, not JSON;
                              4 HANDLE: descriptors came with the first byte (SCM_RIGHTS); 8 QUIET: only a
                              refusal is answered
         6     2  opcode      a response repeats the request's
         8     8  request id  unique among the requests in flight
        16     4  status      0, or why a response is a refusal
        20     4  length      of the payload, at most 1 MiB

A response is any number of frames with MORE, then one without. See docs/abi.md.
"""

from __future__ import annotations

from struct import Struct

from analemma._errors import AnalemmaError, ProtocolError, refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAGIC = 0x324C4E41
REQUEST, RESPONSE, CANCEL = 1, 2, 3
MORE, RAW, HANDLE, QUIET = 1, 2, 4, 8
HEADER = Struct("<IBBHQII")
HEADER_SIZE = HEADER.size
PAYLOAD_BYTES_MAX = 1024 * 1024
BODY_BYTES_MAX = 16 * 1024 * 1024
IN_FLIGHT_MAX = 1024

# Most answers fit. A larger frame makes the buffer grow to it, once.
_BUFFER_BYTES = 64 * 1024


class Request:
    """One call as it goes on the wire. `takes` is how many seconds it may take by its nature, beyond the time that a
    client allows for any answer; None is for ever. What is `posted` is answered only if it is refused."""

    __slots__ = ("descriptor", "handles", "opcode", "payload", "posted", "raw", "takes")

    def __init__(self, opcode: int, payload: bytes, raw: bool = False, takes: float | None = 0.0) -> None:
        # A descriptor to send with it, and whether some may come with the answer.
        self.descriptor: int | None = None
        self.handles = False
        self.posted = False
        self.opcode = opcode
        self.payload = payload
        self.raw = raw
        self.takes = takes


class Exchange:
    """One request in flight and what has come for it."""

    __slots__ = ("answer", "descriptors", "error", "id", "opcode", "over", "pieces", "session", "size", "wake")

    def __init__(self, session: Session, identity: int, opcode: int, wake: Callable[[], None] | None) -> None:
        self.session = session
        self.id = identity
        self.opcode = opcode
        self.wake = wake
        self.pieces: list[bytes] = []
        self.size = 0
        self.answer = b""
        self.descriptors: list[int] = []
        self.over = False
        self.error: AnalemmaError | None = None

    def take(self) -> list[bytes]:
        """The pieces (frames with MORE) that have come since the last take."""
        pieces, self.pieces = self.pieces, []
        self.session.queued -= self.size
        self.size = 0
        return pieces

    def end(self, error: AnalemmaError | None = None, answer: bytes = b"") -> None:
        self.over = True
        self.error = error
        self.answer = answer
        if self.wake is not None:
            self.wake()


class Session:
    """The state of one connection in native framing."""

    __slots__ = (
        "_abandoned",
        "_bytes",
        "_end",
        "_has_posted",
        "_last_id",
        "_start",
        "_view",
        "descriptors",
        "in_flight",
        "posted",
        "queued",
        "refused",
    )

    def __init__(self) -> None:
        self.in_flight: dict[int, Exchange] = {}
        self.queued = 0
        # Requests without an answer since their sender last waited for their end, and why some were refused.
        self.posted = 0
        self._has_posted = False
        self.refused: list[AnalemmaError] = []
        # Those that have come, by the frames that they belong to; None while nobody receives any. recv(2) stops after
        # what descriptors came with, so what one call brings belongs to one frame.
        self.descriptors: list[list[int]] | None = None
        self._abandoned: set[int] = set()
        self._last_id = 0
        self._bytes = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._bytes)
        self._start = 0
        self._end = 0

    def begin(self, request: Request, wake: Callable[[], None] | None = None) -> tuple[Exchange, bytes]:
        """A new exchange, and the bytes to send for it."""
        payload = request.payload
        if len(payload) > BODY_BYTES_MAX:
            raise ValueError(f"the request has {len(payload)} bytes; at most {BODY_BYTES_MAX} are allowed")
        self._last_id = identity = self._last_id + 1
        exchange = self.in_flight[identity] = Exchange(self, identity, request.opcode, wake)
        flags = (RAW if request.raw else 0) | (0 if request.descriptor is None else HANDLE)
        if request.descriptor is not None and len(payload) > PAYLOAD_BYTES_MAX:
            del self.in_flight[identity]
            raise ValueError(f"a request with a handle has at most {PAYLOAD_BYTES_MAX} bytes, not {len(payload)}")
        if len(payload) <= PAYLOAD_BYTES_MAX:
            return exchange, HEADER.pack(MAGIC, REQUEST, flags, request.opcode, identity, 0, len(payload)) + payload
        return exchange, b"".join(self._split(payload, flags, request.opcode, identity))

    def post(self, request: Request) -> bytes:
        """The bytes of a request that is answered only if it is refused."""
        if len(request.payload) > PAYLOAD_BYTES_MAX:
            raise ValueError(f"what is posted has at most {PAYLOAD_BYTES_MAX} bytes, not {len(request.payload)}")
        self._last_id = identity = self._last_id + 1
        self.posted += 1
        self._has_posted = True
        return HEADER.pack(MAGIC, REQUEST, QUIET, request.opcode, identity, 0, len(request.payload)) + request.payload

    def take_refused(self, ended: int) -> list[AnalemmaError]:
        """Why posts were refused, when so many of them have ended."""
        refused, self.refused = self.refused, []
        self.posted = max(0, self.posted - ended)
        return refused

    @staticmethod
    def _split(payload: bytes, flags: int, opcode: int, identity: int) -> list[bytes]:
        frames = []
        for start in range(0, len(payload), PAYLOAD_BYTES_MAX):
            piece = payload[start : start + PAYLOAD_BYTES_MAX]
            more = MORE if start + PAYLOAD_BYTES_MAX < len(payload) else 0
            frames.append(HEADER.pack(MAGIC, REQUEST, flags | more, opcode, identity, 0, len(piece)))
            frames.append(piece)
        return frames

    def cancel(self, exchange: Exchange) -> bytes:
        """Gives an exchange up; returns the bytes that tell the kernel so, none if it is over."""
        if self.in_flight.pop(exchange.id, None) is None:
            return b""
        exchange.take()
        exchange.over = True
        self._abandoned.add(exchange.id)
        return HEADER.pack(MAGIC, CANCEL, 0, 0, exchange.id, 0, 0)

    def lose(self, error: AnalemmaError) -> None:
        """The connection is gone: every exchange ends so."""
        left, self.descriptors = self.descriptors, None
        for descriptors in left or []:
            close_all(descriptors)
        exchanges, self.in_flight = list(self.in_flight.values()), {}
        for exchange in exchanges:
            exchange.end(error)

    def buffer(self) -> memoryview:
        """Where to receive to; never empty."""
        return self._view[self._end :]

    def received(self, count: int) -> None:
        """Takes in what was received to the buffer. Raises ProtocolError when the stream cannot be followed."""
        self._end += count
        start, end, view = self._start, self._end, self._view
        needed = HEADER_SIZE
        while end - start >= HEADER_SIZE:
            magic, kind, flags, opcode, identity, status, length = HEADER.unpack_from(view, start)
            if magic != MAGIC or kind != RESPONSE or flags & ~(MORE | RAW | HANDLE) or length > PAYLOAD_BYTES_MAX:
                raise ProtocolError(
                    "the peer does not speak the native framing: expected the header of a response, found "
                    + bytes(view[start : start + HEADER_SIZE]).hex(" ")
                )
            needed = HEADER_SIZE + length
            if end - start < needed:
                break
            payload = bytes(view[start + HEADER_SIZE : start + needed])
            start += needed
            needed = HEADER_SIZE
            self._dispatch(flags, opcode, identity, status, payload)
        self._make_room(start, needed)

    def _make_room(self, start: int, needed: int) -> None:
        if start == self._end:
            self._start = self._end = 0
            return
        self._start = start
        if start + needed < len(self._bytes):
            return
        kept = bytes(self._view[start : self._end])
        if needed >= len(self._bytes):
            self._bytes = bytearray(needed + HEADER_SIZE)
            self._view = memoryview(self._bytes)
        self._view[: len(kept)] = kept
        self._start, self._end = 0, len(kept)

    def _dispatch(self, flags: int, opcode: int, identity: int, status: int, payload: bytes) -> None:
        exchange = self.in_flight.get(identity)
        if flags & HANDLE:
            self._take_descriptors(exchange)
        if exchange is None:
            self._dispatch_unasked(flags, opcode, identity, status, payload)
            return
        if opcode != exchange.opcode:
            raise ProtocolError(f"request {identity} was opcode {exchange.opcode:#x}, its answer is {opcode:#x}")
        if flags & MORE:
            exchange.pieces.append(payload)
            exchange.size += len(payload)
            self.queued += len(payload)
            if exchange.wake is not None:
                exchange.wake()
            return
        del self.in_flight[identity]
        if status == 0:
            exchange.end(None, payload)
        else:
            exchange.end(refusal(status, payload))

    def _take_descriptors(self, exchange: Exchange | None) -> None:
        """Those of the frame at hand; of one that nobody waits for, closed."""
        taken = self.descriptors.pop(0) if self.descriptors else []
        if exchange is not None:
            exchange.descriptors = taken
        else:
            close_all(taken)

    def _dispatch_unasked(self, flags: int, opcode: int, identity: int, status: int, payload: bytes) -> None:
        if identity in self._abandoned:
            if not flags & MORE:
                self._abandoned.discard(identity)
            return
        if status and opcode and self._has_posted and 0 < identity <= self._last_id:
            self.refused.append(refusal(status, payload))
            return
        if status:
            # The kernel says why it closes the connection, in a frame that answers no request.
            raise refusal(status, payload)
        raise ProtocolError(f"an answer came to request {identity}, which is not in flight")


def close_all(descriptors: list[int]) -> None:
    """Closes descriptors that nobody has taken."""
    from os import close

    for descriptor in descriptors:
        close(descriptor)

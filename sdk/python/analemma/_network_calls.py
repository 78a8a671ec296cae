"""Requests by the kernel, and the secrets that go with them. Made methods of both clients as those of `_calls`."""

from __future__ import annotations

from analemma._calls import Feed, _ms, _of, _request
from analemma._records import Endpoint, HttpAnswer, Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from analemma._calls import Call, Target

HTTP = 0x50
SECRET_SET, SECRET_LIST, SECRET_REMOVE = 0x130, 0x131, 0x132
ENDPOINT = 0x138


def endpoint(client: object, target: Target = None) -> Call[Endpoint]:
    """Where programs on the host find the APIs of model providers, and a token; for clients on the host.

    With a target, whoever shows the token is that process.
    """
    reply = yield _request(ENDPOINT, **_of(target))
    return Endpoint(reply.json())


def http_stream(
    client: object,
    url: str,
    *,
    method: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
    timeout: float = 30.0,
    max_bytes: int | None = None,
) -> Feed[bytes, HttpAnswer]:
    """Sends an HTTP request under this agent's network rules; the answer's body as it comes.

    `gather()` waits for all of it. Takes what `http` takes; closing it hangs up.
    """
    encoding = None
    if isinstance(body, bytes):
        from binascii import b2a_base64

        body, encoding = b2a_base64(body, newline=False).decode(), "base64"
    request = _request(
        HTTP,
        timeout,
        url=url,
        method=method,
        headers=None if headers is None else {**headers},
        body=body,
        encoding=encoding,
        timeout_ms=_ms(timeout),
        max_bytes=max_bytes,
    )
    return Feed(request, bytes, HttpAnswer)


def http(
    client: object,
    url: str,
    *,
    method: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
    timeout: float = 30.0,
    max_bytes: int | None = None,
) -> Call[HttpAnswer]:
    """Sends an HTTP request under this agent's network rules, and waits for the answer, whatever its status.

    Redirects are answers and not followed. Raises PermissionDenied, whose message says what the rules allow, HttpFailed
    when the host cannot be reached, TooLarge, TimedOut, and NotConfigured when a rule's secret is not set.
    """
    feed = http_stream(
        client, url, method=method, headers=headers, body=body, timeout=timeout, max_bytes=max_bytes
    )
    reply = yield feed.request
    return HttpAnswer(reply.pieces, reply.json())


def secret_set(client: object, name: str, value: str) -> Call[bool]:
    """Keeps a secret, for clients on the host; returns whether it replaced one. No call ever gives the value back."""
    reply = yield _request(SECRET_SET, name=name, value=value)
    return bool(reply.json()["replaced"])


def secret_list(client: object) -> Call[list[Secret]]:
    """The secrets by name, without their values; for clients on the host."""
    reply = yield _request(SECRET_LIST)
    return [Secret(fields) for fields in reply.json()["secrets"]]


def secret_remove(client: object, name: str) -> Call[None]:
    """Forgets a secret, for clients on the host. Raises NoSuchSecret when there is none."""
    yield _request(SECRET_REMOVE, name=name)

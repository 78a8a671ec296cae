"""Vectors of texts, for search and comparison by meaning."""

from __future__ import annotations

from analemma._calls import _THINK_SECONDS, _ms, _request
from analemma._records import ModelUsage, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analemma._calls import Call

EMBED = 0x113


class Embeddings(Record):
    """A vector for each text, in their order. `simulated` is true when no model was asked and they are made up."""

    vectors: Sequence[Sequence[float]]
    model: str
    tokens: int
    provider: str = ""
    simulated: bool = False
    usage: ModelUsage | None = None
    attempts: int = 1
    queued_ms: int = 0
    ran_ms: int = 0

    _nested = {"usage": ModelUsage}


def embed(
    client: object,
    inputs: str | Sequence[str],
    *,
    model: str | None = None,
    dimensions: int | None = None,
    task_type: str | None = None,
    budget: Mapping[str, int] | None = None,
    timeout: float | None = _THINK_SECONDS,
) -> Call[Embeddings]:
    """Has a model make a vector of each text: one text, or 1 to 2048 of them, none empty.

    `model` is one that makes vectors; `dimensions` asks for shorter ones, and `task_type` for those of a purpose
    (Gemini's "RETRIEVAL_QUERY", …), where the model has them. The kernel never asks another model instead: vectors of
    two models cannot be compared. Raises what `think` raises; ModelFailed of a provider that makes no vectors.
    """
    reply = yield _request(
        EMBED,
        timeout,
        inputs=[inputs] if isinstance(inputs, str) else [*inputs],
        model=model,
        dimensions=dimensions,
        task_type=task_type,
        budget=None if budget is None else {**budget},
        timeout_ms=_ms(timeout),
    )
    return Embeddings(reply.json())

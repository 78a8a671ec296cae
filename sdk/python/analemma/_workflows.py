"""Durable workflows: every call about them, once, as in `_calls`."""

from __future__ import annotations

from analemma._calls import _request
from analemma._records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from analemma._calls import Call

WORKFLOW_CALL, WORKFLOW_LISTEN, FUNCTION_NEXT = 0x180, 0x181, 0x182


class WorkflowEndpoint(Record):
    """Where AWS clients find the workflow engine. `signed` says whether they must sign with the key of the settings."""

    url: str
    region: str
    account: str
    signed: bool = False


def workflow(
    client: object, operation: str, input: Mapping[str, Any] | None = None, *, timeout: float | None = None
) -> Call[Mapping[str, Any]]:
    """One operation of the Step Functions API, in the service's own words: `workflow("StartExecution", {…})`.

    For clients on the host; an agent may call SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat. Raises
    WorkflowRefused, whose `details["reason"]` is the service's error, such as StateMachineDoesNotExist.
    """
    reply = yield _request(WORKFLOW_CALL, timeout, operation=operation, input=None if input is None else {**input})
    answer: Mapping[str, Any] = reply.json()["output"]
    return answer


def workflow_endpoint(client: object) -> Call[WorkflowEndpoint]:
    """Where AWS clients find the workflow engine; the kernel listens there from now on. For clients on the host."""
    reply = yield _request(WORKFLOW_LISTEN)
    return WorkflowEndpoint(reply.json())


def task_succeeded(client: object, token: str, output: Any = None) -> Call[None]:
    """Tells that a task of a workflow has ended well, by the token that came with it. `output` is any JSON value."""
    import json

    answer = {"taskToken": token, "output": json.dumps(output)}
    yield _request(WORKFLOW_CALL, operation="SendTaskSuccess", input=answer)


def task_failed(client: object, token: str, error: str, cause: str | None = None) -> Call[None]:
    """Tells that a task of a workflow has failed, by the token that came with it."""
    answer = {"taskToken": token, "error": error, "cause": cause or ""}
    yield _request(WORKFLOW_CALL, operation="SendTaskFailure", input=answer)


def function_next(
    client: object, answer: Mapping[str, Any] | None = None, *, wait: bool = True
) -> Call[Mapping[str, Any]]:
    """For the environment of a function: tells how the event ended that it had, and waits for the next.

    `answer` has `request_id` and `result`, or `error_type` and `error`, both JSON as text. The next event has
    `request_id`, `event`, `deadline_ms` and `function_arn`; with `wait` false there is none.
    """
    told = None if answer is None else {**answer}
    reply = yield _request(FUNCTION_NEXT, None if wait else 0.0, answer=told, wait=wait)
    return reply.json()


def task_heartbeat(client: object, token: str) -> Call[None]:
    """Tells that a task of a workflow is still worked on, by the token that came with it."""
    yield _request(WORKFLOW_CALL, operation="SendTaskHeartbeat", input={"taskToken": token})

"""The package as a whole: its public names, what it imports, where it looks for the kernel."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import analemma

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))

CLIENT = (
    "ack audit broadcast budget_set call_tool call_tool_stream close connect conversation conversations "
    "dead_letters delete echo embed emit endpoint escalate events exec exec_stream fetch files "
    "fleet_apply fleet_down fleet_restart fleet_status flush function_next get_perms hello http http_stream inspect keys kill "
    "list list_tools llm logs mailbox mailboxes metrics nack noop pause pipe_close pipe_follow pipe_give pipe_list "
    "pipe_open pipe_read pipe_write poll_events post read ready recv register reply request restart "
    "restart_tools resume run_tools run_tools_stream secret_list secret_remove secret_set send send_many set_perms "
    "shutdown spawn status store subscribe supervise task_failed task_heartbeat task_succeeded think "
    "think_stream tool_servers unregister unsubscribe update wait watch workflow workflow_endpoint write"
)


def public(kind: object) -> str:
    return " ".join(sorted(name for name in dir(kind) if not name.startswith("_")))


class PackageTests(unittest.TestCase):
    def test_the_public_names_are_pinned(self) -> None:
        expected = (
            "Acknowledged AnalemmaError Answer AnswerInvalid AsyncConversation AsyncKernel AsyncMailbox "
            "AsyncStream AuditRecord Broadcasted BudgetExhausted BudgetUse CallTimeout Cancelled Compaction ConnectionFailed "
            "ConnectionLost Conversation ConversationInfo DeadLetter Embeddings Emitted Endpoint Event ExecResult "
            "Exit Fetched File Files Guarantee HandleInvalid HttpAnswer HttpFailed Identity InternalError InvalidArgument "
            "IoFailed Kernel KernelTool KernelTools Killed LimitExceeded Limits LogText MachineUse Mailbox "
            "MailboxInfo MalformedFrame Message MetricFamily MetricSeries Metrics ModelFailed ModelProvider "
            "ModelUsage ModelUse Models NameTaken NoSuchConversation NoSuchFile NoSuchFleet NoSuchMailbox "
            "NoSuchMessage NoSuchModel NoSuchPipe NoSuchProcess NoSuchSecret NoSuchTool NotConfigured "
            "NotEnforceable Output Paused PermissionDenied Perms Pipe PipeClosed PolledEvents Process "
            "ProtocolError ProviderLoad RunawayStopped SealedMemory Secret SecretsUnusable Sent ShuttingDown Spawned "
            "StartFailed Status StepLimitReached StoredKey Stream Subscription SupervisionNote SyscallError "
            "TimedOut TokenCount TooLarge Tool ToolArgumentError ToolCall ToolError ToolFailed ToolPart "
            "ToolProgress ToolReply ToolResult ToolRun ToolServer TryAgain UnavailableTools Unit UnknownSyscall "
            "VersionConflict WorkflowEndpoint WorkflowRefused WrongState __version__ default_socket tool"
        )
        self.assertEqual(" ".join(analemma.__all__), expected)
        for name in analemma.__all__:
            self.assertIsNotNone(getattr(analemma, name))

    def test_both_clients_have_the_same_methods(self) -> None:
        self.assertEqual(public(analemma.Kernel), CLIENT)
        self.assertEqual(public(analemma.AsyncKernel), CLIENT)
        self.assertEqual(public(analemma.Stream), "close gather")
        self.assertEqual(public(analemma.AsyncStream), "close gather start")

    def test_the_error_tree_in_the_docstring_is_the_tree(self) -> None:
        tree = analemma._errors.__doc__ or ""
        for name in analemma.__all__:
            kind = getattr(analemma, name)
            if isinstance(kind, type) and issubclass(kind, Exception):
                self.assertIn(name, tree)
                for also in ("ConnectionError", "TimeoutError", "ValueError", "PermissionError", "LookupError"):
                    line = next((line for line in tree.splitlines() if f" {name} " in line), "")
                    self.assertEqual(f"({'also a '}{also})" in line, also in [base.__name__ for base in kind.__bases__])

    def test_every_file_is_in_the_language_of_python_3_9(self) -> None:
        names = [
            os.path.join(folder, name)
            for folder, _, names in os.walk(ROOT)
            for name in names
            if name.endswith(".py") and not os.path.relpath(folder, ROOT).startswith("tests")
        ]
        self.assertGreater(len(names), 8)
        for name in names:
            with self.subTest(name), open(name, encoding="utf-8") as file:
                ast.parse(file.read(), name, feature_version=(3, 9))
        with self.assertRaises(SyntaxError):
            ast.parse("match 1:\n    case 1: pass", feature_version=(3, 9))

    def test_importing_it_imports_nothing_slow(self) -> None:
        asked = "import os, sys; before = set(sys.modules); import analemma; print(*(set(sys.modules) - before))"
        environment = {**os.environ, "PYTHONPATH": ROOT}
        loaded = subprocess.run(
            [sys.executable, "-S", "-c", asked], env=environment, capture_output=True, text=True, check=True
        ).stdout.split()
        outside = {name for name in loaded if not name.startswith("analemma")}
        self.assertLessEqual(outside, {"__future__", "_socket", "select", "struct", "_struct"})

    def test_the_socket_is_looked_for_in_order(self) -> None:
        from analemma import _paths

        with mock.patch.dict(os.environ, {"ANALEMMA_SOCKET": "/said.sock"}):
            self.assertEqual(analemma.default_socket(), "/said.sock")
        with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": "/run/user/1"}), mock.patch.object(os, "geteuid") as uid:
            os.environ.pop("ANALEMMA_SOCKET", None)
            with mock.patch.object(_paths, "AGENT_SOCKET", "/nonexistent"):
                uid.return_value = 0
                self.assertEqual(analemma.default_socket(), "/run/analemma/kernel.sock")
                uid.return_value = 1000
                self.assertEqual(analemma.default_socket(), "/run/user/1/analemma/kernel.sock")
                del os.environ["XDG_RUNTIME_DIR"]
                os.environ["XDG_STATE_HOME"] = "/state"
                self.assertEqual(analemma.default_socket(), "/state/analemma/kernel.sock")
            with mock.patch.object(_paths, "AGENT_SOCKET", "/"):
                self.assertEqual(analemma.default_socket(), "/")

    def test_errors_survive_pickling(self) -> None:
        import pickle

        error = pickle.loads(pickle.dumps(analemma.NameTaken("a is taken", "choose another")))
        self.assertEqual((type(error), error.hint, error.code), (analemma.NameTaken, "choose another", "name_taken"))


if __name__ == "__main__":
    unittest.main()

"""Errors that callers tell apart. Each is also the standard type that a reader would expect.

TerminalError
├── ConfigError (ValueError)      the configuration cannot be used; every problem with its key
├── JournalError (OSError)        the disk did not take a record, so what it would have allowed must not happen
│   └── JournalInUseError         another terminal runs on this journal
└── GatewayError
    ├── CallRefused               known not to have happened
    └── CallLost (ConnectionError)  may have happened: only a later status query can tell
"""

from __future__ import annotations

from collections.abc import Sequence

from terminal.sale.gateway import Refusal


class TerminalError(Exception):
    """Anything this program says no to on purpose."""


class ConfigError(TerminalError, ValueError):
    """Every problem of a configuration at once, one sentence each, beginning with the key."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class JournalError(TerminalError, OSError):
    """The journal could not be read or written."""


class JournalInUseError(JournalError):
    """Another running terminal has the journal; two on one counter would share its devices too."""


class GatewayError(TerminalError):
    """A call to the payment service did not bring an answer to go on with."""

    def __init__(self, detail: str, support_reference: str | None = None) -> None:
        super().__init__(detail)
        self.support_reference = support_reference


class CallRefused(GatewayError):
    """The service refused the call in so many words: it is known not to have happened."""

    def __init__(self, refusal: Refusal, detail: str, support_reference: str | None = None) -> None:
        super().__init__(detail, support_reference)
        self.refusal = refusal


class CallLost(GatewayError, ConnectionError):
    """No usable answer came back. The call may have happened."""

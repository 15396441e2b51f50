"""Errors that callers tell apart. Each is also the standard type that a reader would expect.

TerminalError
├── ConfigError (ValueError)      the configuration cannot be used; every problem with its key
├── JournalError (OSError)        the disk did not take a record, so what it would have allowed must not happen
│   └── JournalInUseError         another terminal runs on this journal
└── GatewayError                  a call to the payment service; terminal/sale/gateway.py has its two kinds:
    ├── CallRefused               known not to have happened
    └── CallLost (ConnectionError)  may have happened: only a later status query can tell
"""

from __future__ import annotations

from collections.abc import Sequence


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

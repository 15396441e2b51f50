"""What a command needs of the configuration, and no more: the secret key is read only where it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from terminal.config.schema import Config
    from terminal.journal.thread import JournalFile

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415


def whole_config(options: argparse.Namespace) -> Config:
    """Raises ConfigError with every problem at once."""
    from terminal.config.places import find_config_path
    from terminal.config.schema import load_config

    return load_config(find_config_path(options.config))


def config_for(options: argparse.Namespace, *sections: str) -> Config:
    """For what needs these sections, also while something else in the file is wrong. Raises ConfigError."""
    from terminal.config.places import find_config_path
    from terminal.config.schema import read_config
    from terminal.errors import ConfigError

    config, problems = read_config(find_config_path(options.config))
    if mine := [problem for problem in problems if problem.startswith((*sections, str(config.path)))]:
        raise ConfigError(mine)
    return config


def control_socket(options: argparse.Namespace) -> Path:
    """Where the running terminal is asked. Raises ConfigError."""
    from terminal.config.control_path import find_control_path
    from terminal.config.places import find_config_path

    return find_control_path(find_config_path(options.config))


def journal_path(options: argparse.Namespace) -> Path:
    return Path(whole_config(options).journal.path)


def become_reader(options: argparse.Namespace) -> Path:
    """Where the journal is, for whoever only reads: root gives up being root for good."""
    from terminal.system.owner import become_owner_of

    path = journal_path(options)
    become_owner_of(path.parent)
    return path


def open_journal(options: argparse.Namespace) -> JournalFile:
    from terminal.journal.thread import JournalFile
    from terminal.system.timestamps import timestamp_now

    journal = JournalFile(become_reader(options), timestamp_now, read_only=True)
    journal.open()
    return journal

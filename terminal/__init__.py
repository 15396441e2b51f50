"""Netgíró pay-later terminal: one sale from the register's wire to the printed receipt."""

from importlib.metadata import version

__version__ = version("netgiro-terminal")

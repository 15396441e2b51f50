"""Netgíró pay-later terminal: one sale from the register's wire to the printed receipt."""

__version__ = "0.1.0"

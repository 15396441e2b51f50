"""What ``setup`` tries once the configuration stands: paper and a sale. Each trial returns a sentence."""

from __future__ import annotations

import asyncio
import secrets

from hardware import factory
from hardware.interfaces import Cut, DeviceError, TextLine
from terminal.config.schema import PRODUCTION_HOST, Config
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.gateway import AuthorizationStatus, CaptureMode, GatewayError
from terminal.sale.sensitive import Sensitive

# httpx takes 85 ms to import: nothing of it before a trial needs it.
# ruff: noqa: PLC0415

TRIAL_AMOUNT_KR = 100
SANDBOX_PHONE = "8223281"
"""Netgíró docs, Sandbox: a test customer with credit."""


def try_printer(config: Config) -> str:
    """Print a slip with every Icelandic letter."""

    async def print_slip() -> str:
        try:
            printer = factory.build_printer(config.printer)
        except ValueError as error:
            return f"not tried: {error}"
        if printer is None:
            return "there is no printer to try"
        try:
            await printer.open()
            await printer.print_document(
                [
                    TextLine(config.shop.name or "Netgíró", align="center", bold=True),
                    TextLine(f"Posi {config.terminal.id}", align="center"),
                    TextLine("ÁÐÉÍÓÚÝÞÆÖ áðéíóúýþæö €"),
                    TextLine("1.990 kr.", double=True),
                    Cut(),
                ]
            )
        except DeviceError as error:
            return f"not printed: {error}"
        finally:
            await printer.close()
        return "printed; if the third line has wrong letters, try another printer.codepage in config.toml"

    return asyncio.run(print_slip())


def try_sale(config: Config) -> str:
    """Open a sale with the sandbox's test customer and give it up. Nothing is ever captured."""
    if config.netgiro.host == PRODUCTION_HOST:
        return "not tried: this is production, where customers are real"
    if not config.netgiro.has_credentials:
        return "not tried: application ID or secret key is missing here"
    try:
        return asyncio.run(_open_and_void(config))
    except GatewayError as error:
        return f"failed: {error}"


async def _open_and_void(config: Config) -> str:
    from terminal.netgiro.factory import build_gateway

    gateway = build_gateway(config.netgiro)
    try:
        opened = await gateway.open_authorization(
            reference=f"{config.terminal.id}-SETUP-{secrets.token_hex(4).upper()}",
            amount_kr=TRIAL_AMOUNT_KR,
            customer=Customer(CustomerKind.PHONE, Sensitive(SANDBOX_PHONE)),
            capture_mode=CaptureMode.MANUAL,
        )
        voided = await gateway.void(opened.authorization_id)
    finally:
        await gateway.close()
    if voided.status is AuthorizationStatus.CANCELLED:
        return f"sale {opened.authorization_id} was opened and given up: {config.netgiro.host} takes our calls"
    return f"sale {opened.authorization_id} was opened, but not given up: {voided.status}"

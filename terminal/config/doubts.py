"""What a configuration leaves open, and what a shop should know about its choices. Nothing here is a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.config.addresses import is_loopback
from terminal.config.secret_key import CREDENTIAL, OFFICE_TOKEN, VARIABLE
from terminal.sale.gateway import CaptureMode
from terminal.sale.kennitala import is_usual

if TYPE_CHECKING:
    from terminal.config.schema import Config

WHERE_KEYS_ARE = (
    "put in the application ID: Netgíró's partner portal shows it, under Stillingar, Grunnupplýsingar, Listi yfir öll"
    " vörumerki (sandbox: register at https://partner.test.netgiro.is/Account/Register)"
)
WITHDRAWN_ID = "881e674f-7891-4c20-afd8-56fe2624c4b5"
"""The application ID that Netgíró's documentation had for everybody until 2026."""


def find_missing(config: Config) -> list[str]:
    """What must be filled in before money can be taken."""
    missing = []
    netgiro = config.netgiro
    if not netgiro.application_id and not (netgiro.api == "v2" and netgiro.has_credentials):
        missing.append(f"netgiro.application_id: empty; {WHERE_KEYS_ARE}")
    if netgiro.api == "v1" and not netgiro.secret_key:
        missing.append(
            f"netgiro.secret_key: none; put it in: sudo netgiro-terminal secret set (or keep it in"
            f" netgiro.secret_key_file or {VARIABLE}; the credential {CREDENTIAL} shows only inside the service)"
        )
    if not config.register.port and config.register.protocol != "http":
        missing.append("register.port: empty; name the register's port, see: ls -l /dev/serial/by-* /dev/serial0")
    if config.printer.driver == "serial" and not config.printer.device:
        missing.append('printer.device: empty; name the printer\'s port, or set printer.driver = "none"')
    if config.office.url and not config.office_token:
        missing.append(
            f"office.token_file: office.url needs a token: netgiro-terminal office join puts one there; it may also be "
            f"in {OFFICE_TOKEN.variable} or the systemd credential {OFFICE_TOKEN.credential}"
        )
    return missing


def find_doubts(config: Config) -> list[str]:
    """What a shop should know about its choices."""
    doubts, netgiro = [], config.netgiro
    if netgiro.confirmation is not CaptureMode.MANUAL:
        doubts.append(f'netgiro.confirmation = "{netgiro.confirmation}": {_risk(netgiro.confirmation, netgiro.api)}')
    if netgiro.application_id.lower() == WITHDRAWN_ID and not is_loopback(netgiro.host):
        doubts.append(
            "netgiro.application_id: the test key that was everybody's; Netgíró has withdrawn it: register at"
            " https://partner.test.netgiro.is/Account/Register and put in your own"
        )
    if netgiro.check_response_signature == "off" and netgiro.api == "v1":
        worst = netgiro.is_real_money and netgiro.confirmation is not CaptureMode.MANUAL
        doubts.append(
            'netgiro.check_response_signature = "off": whoever can answer in Netgíró\'s place can say "paid" of a sale'
            " that nobody has paid"
            + ("; with real money and no capture of our own nothing else would notice" if worst else "")
        )
    if not config.shop.name:
        doubts.append("shop.name: empty, so receipts do not say whose they are")
    if config.terminal.training:
        doubts.append("terminal.training: true, so no sale is real and no money is taken")
    if config.shop.kennitala and not is_usual(config.shop.kennitala):
        doubts.append("shop.kennitala: its check digit or date is wrong")
    return doubts


def _risk(confirmation: CaptureMode, api: str) -> str:
    """What manual confirmation has not."""
    if confirmation is CaptureMode.AUTOMATIC:
        return "if an answer is lost, a customer may have paid a sale that the terminal cannot see"
    risk = "where Netgíró cannot reach callback.public_url, it cancels what the customer has accepted"
    if api == "v2":
        risk += "; V2 tries twice and signs nothing: the address is a secret, so a proxy must not log it"
    return risk

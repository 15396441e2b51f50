"""What config.toml says, typed: a section is a class here or in hardware/settings.py, a key is a field.

Reading never stops at the first mistake: ``read_config`` returns what can be used together with every problem, each
beginning with its key, so that an installer mends a file in one go and ``doctor`` still runs beside a broken one.
``load_config`` is for everybody who cannot go on with a broken one. The parts: config_toml.py knows TOML and types,
config_checks.py how settings must fit together, secret_key.py where the secret may be kept.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from hardware.settings import (
    DisplaySettings,
    KeypadSettings,
    PrinterSettings,
    ScannerSettings,
    SerialSettings,
    SignalSettings,
)
from terminal.config import checks as config_checks
from terminal.config import doubts
from terminal.config import toml as config_toml
from terminal.config.from_office import Document, laid_over
from terminal.config.office_tables import tables_of
from terminal.config.office_trial import Kept, read_kept
from terminal.config.secret_key import MASK, OFFICE_TOKEN, find_secret, find_secret_key, may_be_there
from terminal.config.section import (
    DaySettings,
    LogSettings,
    OperatorSettings,
    ReceiptSettings,
    RefundSettings,
    SaleSettings,
    Section,
)
from terminal.counter.keypad_test import NUMBER_PAD
from terminal.counter.menu import MenuRules
from terminal.errors import ConfigError
from terminal.register.settings import HttpSettings, RegisterSettings
from terminal.sale.customer import CustomerKind, IdentifierRules
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import Terms
from terminal.sale.sensitive import Sensitive
from terminal.texts.words import Language

PRODUCTION_HOST = "api.netgiro.is"
PARTNER_URLS = {
    PRODUCTION_HOST: "https://api.netgiro.is/partner",
    "api.test.netgiro.is": "https://partner-api.test.netgiro.is",
}
"""Netgíró docs, "Refund API". The secret key is sent there, so no other host's is guessed."""

ShopLine: TypeAlias = Annotated[str, msgspec.Meta(max_length=100)]


class TerminalSettings(Section, frozen=True, kw_only=True):
    """``[terminal]``"""

    id: Annotated[
        str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,16}\Z", description="1 to 16 letters a-z, digits, - or _")
    ] = "T1"
    language: Language = "is"
    staff_code: Sensitive = Sensitive("")
    refund_code: Sensitive = Sensitive("")
    training: bool = False


class NetgiroSettings(Section, frozen=True, kw_only=True):
    """``[netgiro]``: the service. ``secret_key`` is the effective one, wherever it was kept."""

    api: Literal["v1", "v2"] = "v1"
    base_url: str = "https://api.test.netgiro.is/v1"
    application_id: Annotated[
        str, msgspec.Meta(pattern=r"^[!-~]{0,100}\Z", description="the ID that Netgíró gave you, without spaces")
    ] = ""
    secret_key: Sensitive = Sensitive("")
    secret_key_file: str = ""
    partner_url: str = ""
    confirmation: CaptureMode = CaptureMode.MANUAL
    check_response_signature: Literal["require", "when_present", "off"] = "when_present"
    certificate_pin: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}( +|\Z))*\Z",
            description="SHA-256 of a certificate in hex, several parted by spaces",
        ),
    ] = ""
    connect_timeout_s: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 5.0
    read_timeout_s: Annotated[float, msgspec.Meta(ge=0.1, le=120)] = 15.0
    app_code_prefix: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,10}\Z", description="up to 10 digits")] = "500004"

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_real_money(self) -> bool:
        return self.host == PRODUCTION_HOST

    @property
    def effective_partner_url(self) -> str:
        """Where V1's refunds go; empty if they are not possible."""
        return self.partner_url.rstrip("/") or PARTNER_URLS.get(self.host, "")

    @property
    def api_key(self) -> Sensitive:
        """All that V2 knows the shop by: the application ID, which may be kept where V1's secret key is."""
        return Sensitive(self.application_id) if self.application_id else self.secret_key

    @property
    def can_be_asked(self) -> bool:
        """For its own records of payments."""
        return self.has_credentials and (self.api == "v2" or bool(self.effective_partner_url))

    @property
    def has_credentials(self) -> bool:
        """What a call needs is there."""
        return bool(self.api_key) if self.api == "v2" else bool(self.application_id and self.secret_key)


class ReconcileSettings(Section, frozen=True, kw_only=True):
    """``[reconcile]``: the journal held against the service's own records."""

    daily: bool = True


class CallbackSettings(Section, frozen=True, kw_only=True):
    """``[callback]``: where the service's callbacks arrive, with ``confirmation = "server_callback"`` only."""

    listen: str = "127.0.0.1:8024"
    public_url: str = ""


class ShopSettings(Section, frozen=True, kw_only=True):
    """``[shop]``: the head of the receipts."""

    name: str = ""
    kennitala: str = ""
    lines: Annotated[tuple[ShopLine, ...], msgspec.Meta(max_length=8)] = ()
    service_phone: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[0-9+ -]{0,9}\Z", description="a telephone number of up to 9 characters, such as 555 1234"
        ),
    ] = ""


class ScannerSection(ScannerSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[scanner]``: the device, and which of the codes that it reads name a customer."""

    accepts: tuple[CustomerKind, ...] = (CustomerKind.APP_CODE,)


class JournalSettings(Section, frozen=True, kw_only=True):
    """``[journal]``: a relative path counts from the configuration file's folder."""

    path: Annotated[str, msgspec.Meta(min_length=1, description="the path of a file")] = (
        "/var/lib/netgiro-terminal/journal.db"
    )


class PanelSettings(Section, frozen=True, kw_only=True):
    """``[panel]``: the front panel's address; empty is off."""

    listen: str = ""
    password_hash: Sensitive = Sensitive("")


class MetricsSettings(Section, frozen=True, kw_only=True):
    """``[metrics]``: where Prometheus may ask; empty is off."""

    listen: str = ""


class OfficeSettings(Section, frozen=True, kw_only=True):
    """``[office]``: a chain's head office. ``url`` and what follows is a terminal's side, ``listen`` the office's."""

    url: str = ""
    token_file: str = ""
    ca_file: str = ""
    listen: str = "127.0.0.1:8030"
    database: Sensitive = Sensitive("")
    certificate: str = ""
    certificate_key: str = ""
    language: Language = "is"
    takes_settings: bool = False
    takes_releases: bool = False


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration; the fields up to ``log`` are the sections of the file."""

    terminal: TerminalSettings = TerminalSettings()
    netgiro: NetgiroSettings = NetgiroSettings()
    sale: SaleSettings = SaleSettings()
    register: RegisterSettings = RegisterSettings()
    http: HttpSettings = HttpSettings()
    callback: CallbackSettings = CallbackSettings()
    refund: RefundSettings = RefundSettings()
    reconcile: ReconcileSettings = ReconcileSettings()
    day: DaySettings = DaySettings()
    operators: OperatorSettings = OperatorSettings()
    shop: ShopSettings = ShopSettings()
    keypad: KeypadSettings = KeypadSettings()
    scanner: ScannerSection = ScannerSection()
    display: DisplaySettings = DisplaySettings()
    signals: SignalSettings = SignalSettings()
    printer: PrinterSettings = PrinterSettings()
    receipt: ReceiptSettings = ReceiptSettings()
    journal: JournalSettings = JournalSettings()
    panel: PanelSettings = PanelSettings()
    metrics: MetricsSettings = MetricsSettings()
    office: OfficeSettings = OfficeSettings()
    log: LogSettings = LogSettings()

    path: Path | None = None
    """The file it came from."""
    secret_from: str = ""
    """Where the secret key was found, in words; empty if nowhere."""
    office_token: Sensitive = Sensitive("")
    """Never in the file itself."""
    from_office: Document | None = None
    """What the head office has set, as it is in effect here."""

    def terms(self) -> Terms:
        """The rules for the next sale."""
        mode = self.netgiro.confirmation
        # Netgíró docs, Offline Checkout (POS), sequence diagrams: only a phone has a flow with a server callback.
        others = (CustomerKind.APP_CODE, CustomerKind.KENNITALA) if mode is CaptureMode.SERVER_CALLBACK else ()
        return Terms(
            capture_mode=mode,
            capture_mode_by_kind=dict.fromkeys(others, CaptureMode.MANUAL),
            merchant_copy=self.receipt.merchant_copy,
            takes_kennitala=self.netgiro.api == "v1",
            finds_by_reference=self.netgiro.api == "v1",
            void_undoes_payment=self.netgiro.api == "v2",  # Netgíró docs, transaction/cancel: at any stage
            refusal_is_proof=self.netgiro.api == "v2",  # no nonce, so nothing is refused for being a second copy
            **msgspec.structs.asdict(self.sale),
        )

    def identifier_rules(self) -> IdentifierRules:
        """What may be typed at the keypad. Only the sandbox knows a person with an impossible date of birth."""
        return IdentifierRules(
            app_code_prefix=self.netgiro.app_code_prefix,
            scanned=self.scanner.accepts,
            takes_kennitala=self.netgiro.api == "v1",
            impossible_birth_dates=self.netgiro.host != PRODUCTION_HOST,
        )

    def menu_rules(self) -> MenuRules:
        """What the menu must know of the shop. How a USB pad looks only its maker knows."""
        layout = NUMBER_PAD if self.keypad.driver == "evdev" else self.keypad.layout
        return MenuRules(keypad_layout=layout)

    def serial_settings(self) -> SerialSettings:
        """The register's line, for the driver of the port."""
        names = [field.name for field in msgspec.structs.fields(SerialSettings)]
        return SerialSettings(**{name: getattr(self.register, name) for name in names})

    @property
    def shares_printer(self) -> bool:
        """Our receipts come out of the printer behind the tap, between the register's."""
        return self.printer.driver == "serial" and self.printer.device == self.register.passthrough_port != ""

    def passthrough_settings(self) -> SerialSettings | None:
        """The line of the device behind a tap, with the register's speed; None if nothing is behind it."""
        port = self.register.passthrough_port
        return msgspec.structs.replace(self.serial_settings(), port=port) if port else None


def read_config(
    path: Path, environ: Mapping[str, str] = os.environ, kept: Kept | None = None
) -> tuple[Config, list[str]]:
    """What can be used of a file, with defaults for the rest, and every problem, each beginning with its key.

    What the office has set is laid over the file, if the file lets it and all of it fits; ``kept`` is what is known of
    it, None to look.
    """
    try:
        tables, slips = config_toml.read_tables_around(path)
    except ConfigError as error:
        return Config(path=path), list(error.problems)
    config, problems = _check(path, tables, environ)
    problems[:0] = slips
    if config.office.takes_settings and config.office.url:
        document = (kept or read_kept(Path(config.journal.path).parent)).in_effect
        if document is not None:
            laid, refused = _lay_over(path, tables, document, environ)
            if not set(refused) - set(problems):
                config = msgspec.structs.replace(laid, from_office=document)
    return config, problems


def problems_with(path: Path, document: Document, environ: Mapping[str, str] = os.environ) -> list[str]:
    """What ``check-config`` would say of a document that the office sends, and does not say of the file alone."""
    try:
        tables, slips = config_toml.read_tables_around(path)
    except ConfigError as error:
        return list(error.problems)
    known = {*slips, *_check(path, tables, environ)[1]}
    return [problem for problem in _lay_over(path, tables, document, environ)[1] if problem not in known]


def _lay_over(
    path: Path, tables: Mapping[str, object], document: Document, environ: Mapping[str, str]
) -> tuple[Config, list[str]]:
    try:
        return _check(path, laid_over(tables, tables_of(document.text)), environ)
    except ConfigError as error:
        return Config(path=path), list(error.problems)


def _check(path: Path, tables: Mapping[str, object], environ: Mapping[str, str]) -> tuple[Config, list[str]]:
    config, problems = config_toml.convert_sections(tables, Config)
    config = _with_paths_from(path, config)
    try:
        secret_key, secret_from = find_secret_key(config.netgiro.secret_key, config.netgiro.secret_key_file, environ)
        netgiro = msgspec.structs.replace(config.netgiro, secret_key=secret_key)
        config = msgspec.structs.replace(config, netgiro=netgiro, secret_from=secret_from)
    except ConfigError as error:
        problems += error.problems
    try:
        token_file = config.office.token_file
        has_joined = bool(token_file) and may_be_there(Path(token_file))
        token, _ = find_secret(OFFICE_TOKEN, token_file if has_joined else "", environ)
        config = msgspec.structs.replace(config, office_token=token)
    except ConfigError as error:
        problems += error.problems
    problems += config_checks.find_problems(config)
    return config, problems


def read_journal_path(path: Path) -> Path:
    """``journal.path`` alone: no other setting and no secret is read. Raises ConfigError."""
    tables = config_toml.read_tables(path)
    config, problems = config_toml.convert_sections({"journal": tables.get("journal", {})}, Config)
    if problems:
        raise ConfigError(problems)
    return path.absolute().parent / config.journal.path


def _with_paths_from(path: Path, config: Config) -> Config:
    folder = path.absolute().parent
    journal = msgspec.structs.replace(config.journal, path=str(folder / config.journal.path))
    key_file = config.netgiro.secret_key_file
    netgiro = msgspec.structs.replace(config.netgiro, secret_key_file=str(folder / key_file) if key_file else "")
    paths = {
        key: str(folder / value)
        for key in ("token_file", "ca_file", "certificate", "certificate_key")
        if (value := getattr(config.office, key))
    }
    office = msgspec.structs.replace(config.office, **paths)
    logo = config.printer.logo
    printer = msgspec.structs.replace(config.printer, logo=str(folder / logo) if logo else "")
    return msgspec.structs.replace(config, path=path, journal=journal, netgiro=netgiro, printer=printer, office=office)


def load_config(path: Path, environ: Mapping[str, str] = os.environ, kept: Kept | None = None) -> Config:
    """The configuration in a file. Raises ConfigError with every problem at once."""
    config, problems = read_config(path, environ, kept)
    if problems:
        raise ConfigError(problems)
    return config


def missing_for_run(config: Config) -> list[str]:
    """What a file may leave open until the terminal is to take money, one sentence each."""
    return doubts.find_missing(config)


def doubts_about(config: Config) -> list[str]:
    """What is allowed and can cost money, one sentence each."""
    return doubts.find_doubts(config)


def show_config(config: Config) -> str:
    """The effective configuration as TOML, the secret masked."""
    head = [f"# {config.path}"] if config.path else []
    head += [f"# The secret key comes from {config.secret_from}."] if config.secret_from else []
    if config.from_office is not None:
        head.append(f"# Revision {config.from_office.revision} of the office's settings is laid over the file.")
    if config.netgiro.api == "v2" and config.netgiro.application_id:  # there it is all the secret that there is
        config = msgspec.structs.replace(config, netgiro=msgspec.structs.replace(config.netgiro, application_id=MASK))
    return "\n".join([*head, config_toml.write_sections(config)])

"""The parts of a terminal, each built from the configuration; app.py puts them together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from hardware.interfaces import Columns, Display, Document, Printer
from terminal.app.code_keeper import CodeKeeper
from terminal.app.devices import Devices, line_watch
from terminal.app.instruments import Instruments
from terminal.app.reconciling import last_reconciled
from terminal.app.seams import Seams
from terminal.app.training import service_in_training
from terminal.config.schema import Config
from terminal.counter.inputs import Input, PairingCodeMade
from terminal.counter.menu import CodeKind
from terminal.counter.rules import CounterRules, RefundRules
from terminal.doctor.at_counter import Examination
from terminal.journal.thread import Journal
from terminal.netgiro import factory
from terminal.netgiro.nonce import NonceSource, mark_after_loss
from terminal.paper.end_of_day import end_of_day_slip
from terminal.paper.printing import ReceiptPrinting
from terminal.paper.receipt import Shop, receipt_document
from terminal.paper.refund_receipt import Layout, receipt_of_refund
from terminal.paper.reports import Reports
from terminal.register.factory import build_protocol
from terminal.register.link import RegisterLink
from terminal.register.protocol import RegisterProtocol, refund_terms_for, terms_for
from terminal.register.training import TakesNoPart
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import Gateway
from terminal.sale.refund import Refund, RefundTerms
from terminal.sale.sale import Sale
from terminal.sale.totals import ClosedPeriod
from terminal.screen.presenter import Presenter
from terminal.system.hotplug import nothing_plugged_in, plugged_in
from terminal.texts.sentences import LANGUAGES, language_of

REGISTER_COLUMNS: Columns = 32
"""The narrowest paper: what a register prints on is not known."""


def counter_rules(
    config: Config, protocol: RegisterProtocol, *, has_printer: bool, can_refund: bool, can_train: bool
) -> CounterRules:
    """What the shop has configured, as far as the register's protocol can keep it."""
    terms = replace(terms_for(config.terms(), protocol), refunds_itself=config.refund.automatic and can_refund)
    if not has_printer:  # else the receipts of months would come out of the first printer
        terms = replace(terms, customer_copy=False, merchant_copy=False, staff_slip=False)
    return CounterRules(
        terms=terms,
        identifiers=config.identifier_rules(),
        min_amount_kr=config.register.min_amount,
        max_amount_kr=config.register.max_amount,
        id_hours=config.register.id_hours,
        has_printer=has_printer,
        languages=(config.terminal.language, *(one for one in LANGUAGES if one != config.terminal.language)),
        is_training=config.terminal.training,
        operators=config.operators.by_number,
        menu=replace(
            config.menu_rules(),
            can_refund=can_refund,
            has_printer=has_printer,
            can_train=can_train,
            has_operators=bool(config.operators.numbers),
            can_pair=config.register.protocol == "http",
        ),
        refund=_refund_rules(config, protocol, has_printer=has_printer, can_refund=can_refund),
    )


def with_codes(rules: CounterRules, codes: CodeKeeper) -> CounterRules:
    """And what the menu must know of the codes that are kept."""
    has_staff, has_refund = (codes.has(kind) for kind in (CodeKind.STAFF, CodeKind.REFUND))
    return replace(rules, menu=replace(rules.menu, has_staff_code=has_staff, has_refund_code=has_refund))


def _refund_rules(config: Config, protocol: RegisterProtocol, *, has_printer: bool, can_refund: bool) -> RefundRules:
    settings = config.refund
    terms = RefundTerms(
        patience_s=settings.patience_s,
        customer_copy=has_printer,
        merchant_copy=has_printer and config.receipt.merchant_copy,
        staff_slip=has_printer,
    )
    return RefundRules(
        is_possible=can_refund,
        max_amount_kr=settings.max_amount,
        max_days=settings.max_days,
        terms=refund_terms_for(terms, protocol),
    )


async def build_gateway(config: Config, journal: Journal, seams: Seams) -> Gateway:
    """Its nonces go on where the journal says that they have come to."""

    async def reserve(high_water: int, answers_signed: bool) -> None:
        await journal.call(journal.file.reserve_nonces, high_water, answers_signed)

    high_water = mark_after_loss(
        await journal.call(journal.file.nonce_high_water), await journal.call(journal.file.marks_lost_at_s)
    )
    answers_signed = await journal.call(journal.file.answers_signed)
    nonces = NonceSource(high_water, reserve, seams.wall_clock, answers_signed=answers_signed)
    transport = service_in_training(config, seams.wall_clock) if config.terminal.training else seams.transport
    return factory.build_gateway(
        config.netgiro, nonces, callback_base_url=config.callback.public_url, transport=transport
    )


def build_register(config: Config, devices: Devices, seams: Seams) -> RegisterProtocol:
    """The codec; where a register prints itself, with what it is to print."""
    shop, programs = shop_of(config), devices.programs

    def receipt(of: Sale | Refund, copy: bool, kind: ReceiptKind = ReceiptKind.CUSTOMER) -> Document:
        layout: Layout = {
            "copy": copy,
            "shop": shop,
            "terminal_id": config.terminal.id,
            "printed_at": seams.local_now(),
            "language": language_of("" if isinstance(of, Refund) else of.language, config.receipt.language),
            "columns": REGISTER_COLUMNS,
            "clock_set": seams.clock_is_set(),
        }
        if isinstance(of, Refund):
            return receipt_of_refund(of, kind, layout)
        return receipt_document(of, kind=kind, **layout)

    def slip(period: ClosedPeriod) -> Document:
        return end_of_day_slip(
            period,
            copy=False,
            shop=shop,
            terminal_id=config.terminal.id,
            printed_at=seams.local_now(),
            language=config.receipt.language,
            columns=REGISTER_COLUMNS,
        )

    protocol = build_protocol(
        config.register,
        terminal_id=config.terminal.id,
        receipt_of=receipt,
        slip_of=slip,
        paper_of=lambda of, kind: receipt(of, False, kind),
        service_phone=config.shop.service_phone,
        certificate=lambda: programs.certificate_sha256 if programs is not None else "",
    )
    takes_part = config.register.training or not config.terminal.training
    return protocol if takes_part else TakesNoPart(protocol, config.terminal.language)


def build_link(
    config: Config,
    devices: Devices,
    protocol: RegisterProtocol,
    put: Callable[[Input], None],
    on_line_changed: Callable[[bool, str], None],
) -> RegisterLink:
    """The line with the protocol on it."""
    return RegisterLink(
        devices.register_port,
        protocol,
        put,
        language=config.terminal.language,
        service_phone=config.shop.service_phone,
        on_line_changed=on_line_changed,
        look=line_watch(config),
        clock=asyncio.get_running_loop().time,
    )


def let_programs_print(devices: Devices, instruments: Instruments) -> None:
    """Register programs may print lines of their own, where there is a printer."""
    if devices.programs is not None and devices.printer is not None:
        devices.programs.print_now, devices.programs.columns = instruments.print_now, devices.printer.columns


def pairing_code(devices: Devices) -> PairingCodeMade | None:
    """For one register program; None where there are none."""
    if devices.programs is None:
        return None
    code = devices.programs.programs.new_code()
    return PairingCodeMade(code.digits, code.good_for_s)


def build_presenter(config: Config, display: Display | None) -> Presenter:
    """What stands on the display, also where there is none."""
    language, shop = config.terminal.language, config.shop
    return Presenter(display, language, shop.name, config.display, service_phone=shop.service_phone)


def build_printing(
    config: Config, printer: Printer | None, journal: Journal, put: Callable[[Input], None], seams: Seams
) -> ReceiptPrinting | None:
    """None without a printer."""
    if printer is None:
        return None
    return ReceiptPrinting(
        printer,
        journal,
        put,
        shop=shop_of(config),
        terminal_id=config.terminal.id,
        language=config.receipt.language,
        local_now=seams.local_now,
        clock_is_set=seams.clock_is_set,
        reconciled=lambda: last_reconciled(config),
        plugged_in=plugged_in if config.printer.driver in ("serial", "usb") else nothing_plugged_in,
    )


def build_examination(config: Config, printer: Printer | None, instruments: Instruments, seams: Seams) -> Examination:
    """The doctor at the counter."""
    return Examination(
        config,
        columns=printer.columns if printer is not None else config.printer.columns,
        local_now=seams.local_now,
        print_now=instruments.print_now if printer is not None else None,
        printer_status=instruments.printer_status,
        wear=instruments.wear,
    )


def build_reports(
    config: Config, printer: Printer | None, instruments: Instruments, journal: Journal, seams: Seams
) -> Reports:
    """What is printed of the open period."""
    return Reports(
        journal,
        instruments.print_now,
        shop=shop_of(config),
        terminal_id=config.terminal.id,
        language=config.receipt.language,
        columns=printer.columns if printer is not None else config.printer.columns,
        local_now=seams.local_now,
        clock_is_set=seams.clock_is_set,
    )


def name_of(config: Config) -> str:
    """What stands before the number in a reference: nobody is to look for a training sale at Netgíró."""
    return f"{config.terminal.id}-TRAINING" if config.terminal.training else config.terminal.id


def shop_of(config: Config) -> Shop:
    """What the configuration says of the head and foot of receipts."""
    return Shop(
        name=config.shop.name,
        kennitala=config.shop.kennitala,
        lines=config.shop.lines,
        service_phone=config.shop.service_phone,
        has_logo=bool(config.printer.logo),
        reference_qr=config.receipt.reference_qr,
        is_training=config.terminal.training,
    )

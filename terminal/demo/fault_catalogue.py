"""The catalogue of faults: what each is called and how it is brought about on the stage."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from hardware.interfaces import DeviceError
from hardware.simulated import BOUNCES
from terminal.demo.stage import Stage
from terminal.demo.surroundings import ANY_CALL, Cut, PowerPoint
from terminal.netgiro.sandbox.carts import Cart, CartState
from terminal.netgiro.sandbox.faults import Fault

Group = Literal["server", "network", "customer", "register", "printer", "keypad", "display", "power", "machine"]

WORN_CONTACT_FLICKERS = 15
HOUR_S = 3600.0
LINES_BEFORE_THE_END = 12
REPLUG_S = 1.0


class FaultRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/faults. What a fault has no use for is ignored."""

    fault: str
    on: bool = True
    """False switches it off."""
    call: str = ANY_CALL
    """For those of the server and of power-cut-*-call: InsertCart, CheckCart, ConfirmCart, CancelCart or any."""
    times: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    """For those of the server: how many calls."""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=300)] = 5.0
    """For server-slow, server-slow-before and customer-accepts-late."""
    code: Annotated[int, msgspec.Meta(ge=100, le=99_999)] = 10302
    """For server-result-code."""
    key: str = "5"
    """For keypad-stuck."""


Do = Callable[[Stage, FaultRequest], Awaitable[None] | None]


class Recipe(NamedTuple):
    """How a fault is made, and unmade if it is a switch."""

    group: Group
    icelandic: str
    english: str
    do: Do
    undo: Do | None = None
    is_on: Callable[[Stage], bool] = lambda _stage: False


# --- the service and the way to it ------------------------------------------------------------------------------------


def _server(kind: str, icelandic: str, english: str) -> tuple[str, Recipe]:
    def do(stage: Stage, request: FaultRequest) -> None:
        times = None if kind == "unreachable" else request.times
        stage.sandbox.faults.add(Fault(kind, request.call, times, request.seconds, request.code))

    def undo(stage: Stage, _request: FaultRequest) -> None:
        stage.sandbox.faults.replace([fault for fault in stage.sandbox.faults if fault.fault != kind])

    def is_on(stage: Stage) -> bool:
        return any(fault.fault == kind for fault in stage.sandbox.faults)

    return f"server-{kind.replace('_', '-')}", Recipe("server", icelandic, english, do, undo, is_on)


def _network(trouble: str, icelandic: str, english: str) -> tuple[str, Recipe]:
    def switch(value: str, stage: Stage, _request: FaultRequest) -> None:
        stage.surroundings.network = value

    return f"network-{trouble}", Recipe(
        "network",
        icelandic,
        english,
        partial(switch, trouble),
        partial(switch, "ok"),
        lambda stage: stage.surroundings.network == trouble,
    )


# --- the customer -----------------------------------------------------------------------------------------------------


def _waiting_cart(stage: Stage, state: CartState) -> Cart:
    for cart in stage.sandbox.book.newest(1):
        if cart.state is state:
            return cart
    what = "no request is waiting on the phone" if state is CartState.AWAITING_CUSTOMER else "no SMS code is waited for"
    raise ValueError(f"{what}: bring a sale that far first")


def _accept(stage: Stage, _request: FaultRequest) -> None:
    stage.sandbox.accept(_waiting_cart(stage, CartState.AWAITING_CUSTOMER).transaction_id)


def _reject(stage: Stage, _request: FaultRequest) -> None:
    stage.sandbox.reject(_waiting_cart(stage, CartState.AWAITING_CUSTOMER).transaction_id)


def _accept_late(stage: Stage, request: FaultRequest) -> None:
    name = _waiting_cart(stage, CartState.AWAITING_CUSTOMER).transaction_id

    asyncio.get_running_loop().call_later(request.seconds, _accept_if_waiting, stage, name)


def _accept_if_waiting(stage: Stage, name: str) -> None:
    cart = stage.sandbox.book.find(name)
    if cart is not None and cart.state is CartState.AWAITING_CUSTOMER and stage.sandbox.settings.customers_answer:
        stage.sandbox.accept(cart.transaction_id)


def _customers_answer(answer: bool, stage: Stage, _request: FaultRequest) -> None:
    stage.sandbox.change_settings({"customers_answer": answer})


def _accept_by_cancel(stage: Stage, _request: FaultRequest) -> None:
    """The customer's thumb is faster than the cashier's call."""

    def before_call(call: str, request: dict[str, Any]) -> None:
        if call == "CancelCart":
            _accept_if_waiting(stage, str(request.get("TransactionId", "")))

    stage.surroundings.before_call = before_call


def _accept_by_cancel_no_more(stage: Stage, _request: FaultRequest) -> None:
    stage.surroundings.before_call = None


async def _wrong_sms_code(stage: Stage, _request: FaultRequest) -> None:
    right = _waiting_cart(stage, CartState.AWAITING_CODE).sms_code
    await stage.keypad.press(f"{(int(right) + 1) % 10_000:04}#")


async def _expired_app_code(stage: Stage, _request: FaultRequest) -> None:
    lifetime_s = stage.sandbox.settings.app_code_lifetime_s
    stage.sandbox.change_settings({"app_code_lifetime_s": 0})
    code, _ = stage.sandbox.issue_app_code()
    stage.sandbox.change_settings({"app_code_lifetime_s": lifetime_s})
    await stage.keypad.press(f"{code[-4:]}#")


# --- the register -----------------------------------------------------------------------------------------------------


def _send(data: bytes, stage: Stage, _request: FaultRequest) -> None:
    stage.cable.send(data)


def _double_send(stage: Stage, _request: FaultRequest) -> None:
    """The last payment that was asked for, asked for again: the same id must not pay twice."""
    sent = b"".join(one.data for one in stage.cable.log if one.direction == "to_terminal" and not one.lost)
    last = next((line for line in reversed(sent.splitlines()) if line.upper().startswith(b"PAY ")), None)
    if last is None:
        raise ValueError("the register has not asked for a payment yet: ring one up first")
    stage.cable.send(last + b"\r\n")


def _unplug_register(stage: Stage, _request: FaultRequest) -> None:
    stage.cable.unplug()


def _plug_in_register(stage: Stage, _request: FaultRequest) -> None:
    stage.cable.plug_in()


async def _replug_register(stage: Stage, _request: FaultRequest) -> None:
    """Out and in again; the port comes back under another device name, as USB adapters do."""
    stage.cable.unplug()
    await asyncio.sleep(REPLUG_S)
    stage.cable.plug_in()


# --- the terminal's own devices ---------------------------------------------------------------------------------------


def _printer(attribute: str, bad: Any, good: Any, icelandic: str, english: str) -> Recipe:
    def switch(value: Any, stage: Stage, _request: FaultRequest) -> None:
        setattr(stage.printer, attribute, value)

    return Recipe(
        "printer",
        icelandic,
        english,
        partial(switch, bad),
        partial(switch, good),
        lambda stage: getattr(stage.printer, attribute) == bad,
    )


def _paper_ends(stage: Stage, _request: FaultRequest) -> None:
    stage.printer.lines_left = LINES_BEFORE_THE_END * 24


def _unplugging(group: Group, device: str, icelandic: str, english: str) -> Recipe:
    return Recipe(
        group,
        icelandic,
        english,
        lambda stage, _request: getattr(stage, device).unplug(),
        lambda stage, _request: getattr(stage, device).plug_in(),
        lambda stage: not getattr(stage, device).plugged,
    )


async def _stick(stage: Stage, request: FaultRequest) -> None:
    await stage.keypad.stick(request.key)


async def _unstick(stage: Stage, _request: FaultRequest) -> None:
    await stage.keypad.release_all()


async def _ghost(stage: Stage, _request: FaultRequest) -> None:
    await stage.keypad.press_together("124")


def _flicker(count: int, stage: Stage, _request: FaultRequest) -> None:
    stage.keypad.flickers = count


# --- power and machine ------------------------------------------------------------------------------------------------


def _cut(point: PowerPoint, icelandic: str, english: str) -> tuple[str, Recipe]:
    def do(stage: Stage, request: FaultRequest) -> None:
        if stage.app is None:
            raise DeviceError("the power is off already: wait until it is back")
        stage.surroundings.cut_power(Cut(point, request.call))

    def undo(stage: Stage, _request: FaultRequest) -> None:
        stage.surroundings.cut_power(None)

    def is_on(stage: Stage) -> bool:
        waiting = stage.surroundings.waiting_cut
        return waiting is not None and waiting.point is point

    once = point is PowerPoint.NOW
    name = f"power-cut-{point.value.replace('_', '-')}"
    return name, Recipe("power", icelandic, english, do, None if once else undo, is_on)


def _disk_full(full: bool, stage: Stage, _request: FaultRequest) -> None:
    stage.surroundings.disk_full = full


def _clock(name: str, offset_s: Callable[[Stage], float], icelandic: str, english: str) -> tuple[str, Recipe]:
    def do(stage: Stage, _request: FaultRequest) -> None:
        stage.surroundings.clock_offset_s = offset_s(stage)
        stage.surroundings.clock_fault = name

    def undo(stage: Stage, _request: FaultRequest) -> None:
        stage.surroundings.clock_offset_s, stage.surroundings.clock_fault = 0.0, ""

    return name, Recipe("machine", icelandic, english, do, undo, lambda stage: stage.surroundings.clock_fault == name)


FAULTS: Mapping[str, Recipe] = dict(
    [
        _server("lost_before", "Beiðni týnist á leiðinni út", "Request lost on its way"),
        _server("lost_after", "Svar týnist, verkið er unnið", "Done, but the answer is lost"),
        _server("unreachable", "Næst ekki í Netgíró", "Service cannot be reached"),
        _server("slow", "Unnið strax, svarað seint", "Done at once, answered late"),
        _server("slow_before", "Unnið seint", "Done late"),
        _server("http_500_before", "HTTP 500, ekki unnið", "HTTP 500, not done"),
        _server("http_500_after", "HTTP 500, en unnið", "HTTP 500, but done"),
        _server("garbage", "Ólæsilegt svar", "Answer cannot be read"),
        _server("truncated", "Svar slitnar í miðju", "Answer breaks off"),
        _server("wrong_signature", "Röng undirskrift", "Wrong signature"),
        _server("no_signature", "Engin undirskrift", "No signature"),
        _server("wrong_amount", "Önnur upphæð í svari", "Another amount in the answer"),
        _server("wrong_reference", "Önnur tilvísun í svari", "Another reference in the answer"),
        _server("nonce_refused", "Nonce hafnað", "Nonce refused"),
        _server("result_code", "Niðurstöðukóði að vali", "A result code of choice"),
        _network("dns", "Nafn finnst ekki (DNS)", "Name not found (DNS)"),
        _network("tls", "Vottorð ógilt (TLS)", "Certificate not valid (TLS)"),
        ("customer-accepts", Recipe("customer", "Samþykkir núna", "Accepts now", _accept)),
        ("customer-rejects", Recipe("customer", "Hafnar núna", "Rejects now", _reject)),
        ("customer-accepts-late", Recipe("customer", "Samþykkir seint", "Accepts late", _accept_late)),
        (
            "customer-never-answers",
            Recipe(
                "customer",
                "Svarar aldrei",
                "Never answers",
                partial(_customers_answer, False),
                partial(_customers_answer, True),
                lambda stage: not stage.sandbox.settings.customers_answer,
            ),
        ),
        (
            "customer-accepts-at-cancel",
            Recipe(
                "customer",
                "Samþykkir rétt áður en hætt er við",
                "Accepts just before the cancel",
                _accept_by_cancel,
                _accept_by_cancel_no_more,
                lambda stage: stage.surroundings.before_call is not None,
            ),
        ),
        (
            "customer-wrong-code",
            Recipe("customer", "Slær inn rangan SMS-kóða", "Types a wrong SMS code", _wrong_sms_code),
        ),
        (
            "customer-expired-code",
            Recipe("customer", "Slær inn útrunninn app-kóða", "Types an expired app code", _expired_app_code),
        ),
        (
            "register-garbage",
            Recipe("register", "Sendir rusl", "Sends garbage", partial(_send, b"\x00\xff\x1b@%PAY\x80 19;9\r\n")),
        ),
        (
            "register-half-frame",
            Recipe("register", "Sendir hálfa línu", "Sends half a line", partial(_send, b"PAY 19")),
        ),
        (
            "register-double-send",
            Recipe("register", "Biður aftur um það sama", "Asks for the same again", _double_send),
        ),
        (
            "register-glued",
            Recipe(
                "register", "Þrjár línur í einu", "Three lines at once", partial(_send, b"PING\r\nSTATUS\r\nPING\r\n")
            ),
        ),
        (
            "register-other-amount",
            Recipe(
                "register",
                "Ný upphæð í miðri sölu",
                "Another amount in mid-sale",
                partial(_send, b"PAY 555 ID=OTHER\r\n"),
            ),
        ),
        (
            "register-unplugged",
            Recipe(
                "register",
                "Snúran úr",
                "Cable unplugged",
                _unplug_register,
                _plug_in_register,
                lambda stage: not stage.cable.plugged,
            ),
        ),
        (
            "register-replugged",
            Recipe("register", "Snúran úr og aftur í", "Cable out and in again", _replug_register),
        ),
        ("printer-paper-out", _printer("paper", "out", "ok", "Pappír búinn", "Out of paper")),
        ("printer-paper-low", _printer("paper", "low", "ok", "Lítill pappír", "Paper low")),
        ("printer-paper-ends", Recipe("printer", "Pappír klárast í miðju", "Paper ends half way", _paper_ends)),
        ("printer-cover-open", _printer("cover", "open", "closed", "Lokið opið", "Cover open")),
        ("printer-offline", _printer("online", False, True, "Slökkt", "Switched off")),
        ("printer-silent", _printer("answers", False, True, "Svarar engu", "Says nothing")),
        ("printer-loses-job", _printer("loses_job", True, False, "Týnir næsta verki", "Loses the next job")),
        ("printer-unplugged", _unplugging("printer", "printer", "Snúran úr", "Cable unplugged")),
        (
            "keypad-bounce",
            Recipe(
                "keypad",
                "Slitnir snertlar",
                "Worn contacts",
                partial(_flicker, WORN_CONTACT_FLICKERS),
                partial(_flicker, BOUNCES),
                lambda stage: stage.keypad.flickers > BOUNCES,
            ),
        ),
        (
            "keypad-stuck",
            Recipe("keypad", "Takki festist niðri", "A key sticks", _stick, _unstick, lambda stage: stage.keypad.stuck),
        ),
        ("keypad-ghost", Recipe("keypad", "Þrír takkar í einu", "Three keys at once", _ghost)),
        ("keypad-unplugged", _unplugging("keypad", "keypad", "Snúran úr", "Cable unplugged")),
        ("display-gone", _unplugging("display", "display", "Skjárinn hverfur", "The display is gone")),
        _cut(PowerPoint.NOW, "Rafmagn fer núna", "Power cut now"),
        _cut(PowerPoint.BEFORE_COMMIT, "… áður en næst er skráð", "… before the next commit"),
        _cut(PowerPoint.AFTER_COMMIT, "… eftir að næst er skráð", "… after the next commit"),
        _cut(PowerPoint.BEFORE_CALL, "… áður en næsta kall fer", "… before the next call leaves"),
        _cut(PowerPoint.AFTER_CALL, "… áður en svarið er lesið", "… before its answer is read"),
        (
            "disk-full",
            Recipe(
                "machine",
                "Diskurinn fullur",
                "Disk full",
                partial(_disk_full, True),
                partial(_disk_full, False),
                lambda stage: stage.surroundings.disk_full,
            ),
        ),
        _clock("clock-forward", lambda _stage: HOUR_S, "Klukkan stekkur fram", "Clock jumps ahead"),
        _clock("clock-back", lambda _stage: -HOUR_S, "Klukkan stekkur aftur", "Clock jumps back"),
        _clock(
            "clock-unset",
            lambda stage: stage.surroundings.clock_offset_s - stage.surroundings.now_s(),
            "Klukkan er óstillt: 1970",
            "Clock unset: 1970",
        ),
    ]
)
"""By name, in the order in which the page shows them."""

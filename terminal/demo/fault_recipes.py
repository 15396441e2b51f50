"""How each fault is brought about on the stage; fault_catalogue.py names them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from hardware.interfaces import DeviceError
from hardware.printer.machine import Moods
from terminal.demo.stage import Stage
from terminal.demo.surroundings import ANY_CALL, PlannedCut, PowerPoint
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
    """For those of the server and of power-cut-*-call: a call of V1 or V2 (the sandbox's ``CALLS``), or any."""
    times: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    """For those of the server: how many calls."""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=300)] = 5.0
    """For server-slow, server-slow-before, server-stale and customer-accepts-late."""
    code: Annotated[int, msgspec.Meta(ge=100, le=99_999)] = 10302
    """For server-result-code."""
    message: Annotated[str, msgspec.Meta(max_length=200)] = "Customer is blacklisted"
    """For server-refused."""
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


def server(kind: str, icelandic: str, english: str) -> tuple[str, Recipe]:
    def do(stage: Stage, request: FaultRequest) -> None:
        times = None if kind in ("unreachable", "stale") else request.times
        fault = Fault(kind, request.call, times, request.seconds, request.code, request.message)
        stage.sandbox.faults.add(fault)

    def undo(stage: Stage, _request: FaultRequest) -> None:
        stage.sandbox.faults.replace([fault for fault in stage.sandbox.faults if fault.fault != kind])

    def is_on(stage: Stage) -> bool:
        return any(fault.fault == kind for fault in stage.sandbox.faults)

    return f"server-{kind.replace('_', '-')}", Recipe("server", icelandic, english, do, undo, is_on)


def network(trouble: str, icelandic: str, english: str) -> tuple[str, Recipe]:
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


def accept(stage: Stage, _request: FaultRequest) -> None:
    stage.sandbox.accept(_waiting_cart(stage, CartState.AWAITING_CUSTOMER).transaction_id)


def reject(stage: Stage, _request: FaultRequest) -> None:
    stage.sandbox.reject(_waiting_cart(stage, CartState.AWAITING_CUSTOMER).transaction_id)


def accept_late(stage: Stage, request: FaultRequest) -> None:
    name = _waiting_cart(stage, CartState.AWAITING_CUSTOMER).transaction_id

    asyncio.get_running_loop().call_later(request.seconds, _accept_if_waiting, stage, name)


def _accept_if_waiting(stage: Stage, name: str) -> None:
    cart = stage.sandbox.book.find(name)
    if cart is not None and cart.state is CartState.AWAITING_CUSTOMER and stage.sandbox.settings.customers_answer:
        stage.sandbox.accept(cart.transaction_id)


def customers_answer(answer: bool, stage: Stage, _request: FaultRequest) -> None:
    stage.sandbox.change_settings({"customers_answer": answer})


def accept_by_cancel(stage: Stage, _request: FaultRequest) -> None:
    """The customer's thumb is faster than the cashier's call."""

    def before_call(call: str, request: dict[str, Any]) -> None:
        if call in ("CancelCart", "cancel"):
            _accept_if_waiting(stage, str(request.get("TransactionId", "")))

    stage.surroundings.before_call = before_call


def accept_by_cancel_no_more(stage: Stage, _request: FaultRequest) -> None:
    stage.surroundings.before_call = None


async def wrong_sms_code(stage: Stage, _request: FaultRequest) -> None:
    right = _waiting_cart(stage, CartState.AWAITING_CODE).sms_code
    await stage.keypad.press(f"{(int(right) + 1) % 10_000:04}#")


async def expired_app_code(stage: Stage, _request: FaultRequest) -> None:
    lifetime_s = stage.sandbox.settings.app_code_lifetime_s
    stage.sandbox.change_settings({"app_code_lifetime_s": 0})
    code, _ = stage.sandbox.issue_app_code()
    stage.sandbox.change_settings({"app_code_lifetime_s": lifetime_s})
    await stage.keypad.press(f"{code[-4:]}#")


# --- the register -----------------------------------------------------------------------------------------------------


def send(data: bytes, stage: Stage, _request: FaultRequest) -> None:
    stage.cable.send(data)


def double_send(stage: Stage, _request: FaultRequest) -> None:
    """The last payment that was asked for, asked for again: the same id must not pay twice."""
    sent = b"".join(one.data for one in stage.cable.log if one.direction == "to_terminal" and not one.lost)
    last = next((line for line in reversed(sent.splitlines()) if line.upper().startswith(b"PAY ")), None)
    if last is None:
        raise ValueError("the register has not asked for a payment yet: ring one up first")
    stage.cable.send(last + b"\r\n")


def unplug_register(stage: Stage, _request: FaultRequest) -> None:
    stage.cable.unplug()


def plug_in_register(stage: Stage, _request: FaultRequest) -> None:
    stage.cable.plug_in()


async def replug_register(stage: Stage, _request: FaultRequest) -> None:
    """Out and in again; the port comes back under another device name, as USB adapters do."""
    stage.cable.unplug()
    await asyncio.sleep(REPLUG_S)
    stage.cable.plug_in()


# --- the terminal's own devices ---------------------------------------------------------------------------------------


def printer(attribute: str, bad: Any, good: Any, icelandic: str, english: str) -> Recipe:
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


def printer_mood(mood: str, bad: Any, icelandic: str, english: str) -> Recipe:
    """One of :class:`hardware.printer.machine.Moods`."""
    good = getattr(Moods(), mood)

    def switch(value: Any, stage: Stage, _request: FaultRequest) -> None:
        stage.printer.set_mood(mood, value)

    return Recipe(
        "printer",
        icelandic,
        english,
        partial(switch, bad),
        partial(switch, good),
        lambda stage: bool(getattr(stage.printer.moods, mood) != good),
    )


def paper_ends(stage: Stage, _request: FaultRequest) -> None:
    stage.printer.lines_left = LINES_BEFORE_THE_END * 24


def unplugging(group: Group, device: str, icelandic: str, english: str) -> Recipe:
    return Recipe(
        group,
        icelandic,
        english,
        lambda stage, _request: getattr(stage, device).unplug(),
        lambda stage, _request: getattr(stage, device).plug_in(),
        lambda stage: not getattr(stage, device).plugged,
    )


async def stick(stage: Stage, request: FaultRequest) -> None:
    await stage.keypad.stick(request.key)


async def unstick(stage: Stage, _request: FaultRequest) -> None:
    await stage.keypad.release_all()


async def ghost(stage: Stage, _request: FaultRequest) -> None:
    await stage.keypad.press_together("124")


def flicker(count: int, stage: Stage, _request: FaultRequest) -> None:
    stage.keypad.flickers = count


# --- power and machine ------------------------------------------------------------------------------------------------


def cut(point: PowerPoint, icelandic: str, english: str) -> tuple[str, Recipe]:
    """The fault that cuts the power at this point. Its recipe raises DeviceError if the power is off already."""

    def do(stage: Stage, request: FaultRequest) -> None:
        if stage.handles is None:
            raise DeviceError("the power is off already: wait until it is back")
        stage.surroundings.cut_power(PlannedCut(point, request.call))

    def undo(stage: Stage, _request: FaultRequest) -> None:
        stage.surroundings.cut_power(None)

    def is_on(stage: Stage) -> bool:
        waiting = stage.surroundings.waiting_cut
        return waiting is not None and waiting.point is point

    once = point is PowerPoint.NOW
    name = f"power-cut-{point.value.replace('_', '-')}"
    return name, Recipe("power", icelandic, english, do, None if once else undo, is_on)


def disk_full(full: bool, stage: Stage, _request: FaultRequest) -> None:
    stage.surroundings.disk_full = full


def clock(name: str, offset_s: Callable[[Stage], float], icelandic: str, english: str) -> tuple[str, Recipe]:
    def do(stage: Stage, _request: FaultRequest) -> None:
        stage.surroundings.clock_offset_s = offset_s(stage)
        stage.surroundings.clock_fault = name

    def undo(stage: Stage, _request: FaultRequest) -> None:
        stage.surroundings.clock_offset_s, stage.surroundings.clock_fault = 0.0, ""

    return name, Recipe("machine", icelandic, english, do, undo, lambda stage: stage.surroundings.clock_fault == name)

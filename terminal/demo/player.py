"""Plays scenarios on the stage: does what hands would do, and waits for what eyes would see."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeVar

import msgspec

from hardware.interfaces import DeviceError
from hardware.register_cable import Traffic
from terminal.demo.fault_recipes import FaultRequest
from terminal.demo.faults import FaultBoard
from terminal.demo.scenario import Expect, Scenario, Step, step_line
from terminal.demo.stage import Stage
from terminal.netgiro.sandbox.carts import Cart, CartState
from terminal.panel.backend import RegisterMessage
from terminal.panel.counter import CounterBackend
from terminal.panel.register_log import messages
from terminal.panel.story import Story

PHONE_PATIENCE_S = 30.0
DEVICE_PATIENCE_S = 10.0
REGISTER_PATIENCE_S = 2.0
REGISTER_TRIES = 3
SETTLE_PATIENCE_S = 3.0
LOOKS = 100
"""How often to look, although nothing was said to have changed, before patience ends."""

_T = TypeVar("_T")


class ScenarioFailed(Exception):
    """A step could not be done, or what it waited for did not come; the message says which and what was seen."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a scenario has come."""

    name: str
    step: int
    """Counts from 1; the one being done."""
    steps: int
    doing: str
    """The step as it stands in the file."""
    running: bool
    problem: str | None = None


class _Beginning(NamedTuple):
    """What there was before, so that counts count from here."""

    captures: int
    receipts: int
    traffic: Traffic | None
    carts: frozenset[str]


_run_ids = itertools.count(1)


class Player:
    """Plays one scenario at a time. ``on_progress`` hears of every step."""

    def __init__(
        self,
        stage: Stage,
        backend: CounterBackend,
        board: FaultBoard,
        story: Story,
        on_progress: Callable[[Progress], None] = lambda _progress: None,
    ) -> None:
        self._stage = stage
        self._backend = backend
        self._board = board
        self._story = story
        self.on_progress = on_progress
        self._beginning = _Beginning(0, 0, None, frozenset())
        self._run_id = ""
        self._playing = asyncio.Lock()

    async def play(self, scenario: Scenario, name: str, pace_s: float = 0.0) -> None:
        """Play to the end; pause ``pace_s`` between steps for people to follow. Raises ScenarioFailed."""
        async with self._playing:
            self._begin()
            total = len(scenario.steps)
            for number, step in enumerate(scenario.steps, 1):
                progress = Progress(name=name, step=number, steps=total, doing=step_line(step), running=True)
                self.on_progress(progress)
                try:
                    await self._do(step)
                except (ScenarioFailed, DeviceError, ValueError, LookupError) as error:
                    problem = f"step {number}, {step_line(step)}: {error}"
                    self.on_progress(msgspec.structs.replace(progress, running=False, problem=problem))
                    raise ScenarioFailed(problem) from error
                except asyncio.CancelledError:
                    self.on_progress(msgspec.structs.replace(progress, running=False, problem="stopped"))
                    raise
                if pace_s:
                    await asyncio.sleep(pace_s)
            self.on_progress(Progress(name=name, step=total, steps=total, doing="", running=False))

    async def settle(self, patience_s: float = SETTLE_PATIENCE_S) -> None:
        """Until nothing is under way any more: every sale told, every receipt on paper. Or until patience ends."""

        async def is_settled() -> bool:
            return all(promise.light != "open" for promise in await self._story.promises())

        await self._until(is_settled, patience_s)

    def _begin(self) -> None:
        stage = self._stage
        self._run_id = f"S{round(stage.surroundings.now_s()):X}{next(_run_ids)}"
        self._beginning = _Beginning(
            captures=len(stage.sandbox.book.captures),
            receipts=len(self._finished_receipts()),
            traffic=stage.cable.log[-1] if stage.cable.log else None,
            carts=frozenset(cart.transaction_id for cart in stage.sandbox.book.newest(100)),
        )

    # --- hands --------------------------------------------------------------------------------------------------------

    async def _do(self, step: Step) -> None:
        match step:
            case Step(pay=int(amount_kr)):
                await self._ring_up(amount_kr, self._register_id(step.id or "1"))
            case Step(send=str(line)):
                line = re.sub(r"\{(\w+)\}", lambda match: self._register_id(match[1]), line)
                await self._backend.register_send(line)
            case Step(keys=str(keys)):
                await self._press(keys)
            case Step(hold=str(key)):
                await self._press(key, hold=True)
            case Step(accept=True):
                self._stage.sandbox.accept((await self._cart(CartState.AWAITING_CUSTOMER)).transaction_id)
            case Step(reject=True):
                self._stage.sandbox.reject((await self._cart(CartState.AWAITING_CUSTOMER)).transaction_id)
            case Step(sms_code=True):
                cart = await self._cart(CartState.AWAITING_CODE)
                await self._see(Expect(state="code_entry"))
                await self._press(f"{cart.sms_code}#")
            case Step(app_code=True):
                code, _ = self._stage.sandbox.issue_app_code()
                await self._press(f"{code[-4:]}#")
            case Step(fault=str() | FaultRequest() as fault):
                await self._board.apply(FaultRequest(fault) if isinstance(fault, str) else fault)
            case Step(off=str(name)):
                await self._board.apply(FaultRequest(name, on=False))
            case Step(wait_s=float() | int() as delay_s):
                await asyncio.sleep(delay_s)
            case Step(expect=Expect() as expected):
                await self._see(expected)

    async def _ring_up(self, amount_kr: int, register_id: str) -> None:
        """Ask until the terminal answers, as registers do: nobody types a number before the terminal asks for it."""
        asked_at = len(self._new_lines())

        async def answered() -> bool:
            answers = self._new_lines()[asked_at:]
            return self._stage.handles is None or any(message.sender == "terminal" for message in answers)

        for _ in range(REGISTER_TRIES):
            await self._backend.register_send(f"PAY {amount_kr} ID={register_id}")
            if await self._until(answered, REGISTER_PATIENCE_S):
                return

    def _register_id(self, label: str) -> str:
        return f"{self._run_id}-{label}"

    async def _press(self, keys: str, *, hold: bool = False) -> None:
        """As soon as there is a keypad to press: after a power cut it takes a moment."""

        async def is_there() -> bool:
            return self._stage.handles is not None and self._backend.state().keypad == "ok"

        await self._until(is_there, DEVICE_PATIENCE_S)
        await self._backend.press(keys, hold=hold)

    async def _cart(self, state: CartState) -> Cart:
        """The newest cart of this scenario, once it stands so."""

        async def found() -> Cart | None:
            for cart in self._stage.sandbox.book.newest(1):
                if cart.state is state and cart.transaction_id not in self._beginning.carts:
                    return cart
            return None

        cart = await self._until(found, PHONE_PATIENCE_S)
        if cart is None:
            raise ScenarioFailed(f"nothing on the phone was {state.value}")
        return cart

    # --- eyes ---------------------------------------------------------------------------------------------------------

    async def _see(self, expected: Expect) -> None:
        seen: list[str] = []

        async def as_expected() -> bool:
            seen[:] = await self._differences(expected)
            return not seen

        if not await self._until(as_expected, expected.within_s):
            raise ScenarioFailed(f"after {expected.within_s:g} s: {'; '.join(seen)}")

    async def _until(self, look: Callable[[], Awaitable[_T]], patience_s: float) -> _T:
        """Look whenever something has changed, and now and then, until there is something to see or time is up."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + patience_s
        with self._backend.changes.subscribe() as changes:
            while True:
                seen = await look()
                if seen or loop.time() >= deadline_s:
                    return seen
                with suppress(TimeoutError):
                    async with asyncio.timeout(patience_s / LOOKS):
                        await changes.wait()

    async def _differences(self, expected: Expect) -> list[str]:
        """What is not yet as expected, each with what there is instead."""
        state = self._backend.state()
        sales = await self._story.sales()
        said = [message.text for message in self._new_lines() if message.sender == "terminal"]
        lights = {promise.name: promise.light for promise in await self._story.promises()}
        facts: list[tuple[str, object, object]] = [
            ("state", expected.state, state.state),
            ("outcome", expected.outcome, sales[-1].outcome if sales else None),
            ("reason", expected.reason, sales[-1].reason if sales else None),
            ("paid", expected.paid, len(self._stage.sandbox.book.captures) - self._beginning.captures),
            ("receipts", expected.receipts, len(self._finished_receipts()) - self._beginning.receipts),
            ("pending", expected.pending, state.pending_receipts),
            ("network", expected.network, state.network),
            ("line", expected.line, state.register),
        ]
        wrong = [f"{name} is {is_}, not {want}" for name, want, is_ in facts if want is not None and is_ != want]
        if expected.register is not None and not (said and said[-1].startswith(expected.register)):
            wrong.append(f"the register heard {said[-1:]}, not {expected.register!r}")
        if expected.heard is not None and not any(line.startswith(expected.heard) for line in said):
            wrong.append(f"the register heard {said}, never {expected.heard!r}")
        if expected.screen is not None and not any(expected.screen in line for line in state.display):
            wrong.append(f"the screen shows {list(state.display)}, not {expected.screen!r}")
        bad = {"kept": ("open", "broken"), "unbroken": ("broken",), None: ()}[expected.promises]
        wrong += [f"the promise {name} is {light}" for name, light in lights.items() if light in bad]
        return wrong

    def _new_lines(self) -> Sequence[RegisterMessage]:
        log, last = self._stage.cable.log, self._beginning.traffic
        start = next((place + 1 for place, traffic in enumerate(log) if traffic is last), 0)
        return list(messages(log[start:], str, by_lines=True))

    def _finished_receipts(self) -> list[int]:
        return [receipt.id for receipt in self._stage.printer.receipts if receipt.cut]

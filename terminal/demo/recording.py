"""Writes down what hands do at the counter, as a scenario.

Every successful request that changes something becomes a step; before it stands what state the terminal had come to,
so that the scenario waits for it when it is played. Codes that are new each time are recorded as what they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from terminal.demo.fault_recipes import FaultRequest
from terminal.demo.scenario import MAX_STEPS, Expect, Scenario, Step, Words, write_scenario
from terminal.demo.stage import Stage
from terminal.panel.counter import CounterBackend

_PAY = re.compile(r"PAY (\d{1,12})(?: ID=(\S+))?\s*", re.IGNORECASE)
_CUSTOMER = re.compile(r"/sandbox/carts/[^/]+/(accept|reject)")
_PRINTER_FAULTS = {
    ("paper", "out"): "printer-paper-out",
    ("paper", "low"): "printer-paper-low",
    ("online", False): "printer-offline",
    ("cover", "open"): "printer-cover-open",
}
_PRINTER_REPAIRS = {
    ("paper", "ok"): "printer-paper-out",
    ("online", True): "printer-offline",
    ("cover", "closed"): "printer-cover-open",
}


class ScenarioRecorder:
    """``start``, then feed :meth:`noted` by way of :class:`RecordingMiddleware`, then ``finish``."""

    def __init__(self, stage: Stage, backend: CounterBackend) -> None:
        self._stage = stage
        self._backend = backend
        self._steps: list[Step] = []
        self._keys = ""
        self._ids: list[str] = []
        self._state = ""
        """The last state that the steps have waited for."""
        self._came_to = ""
        self._before: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self.is_on = False

    def start(self) -> None:
        self._steps, self._ids, self._keys, self._state = [], [], "", "idle"
        captures, receipts = self._counts()
        self._before = lambda: (captures, receipts)
        self.is_on = True

    def finish(self) -> str:
        """What was recorded, as a file, ending with how everything stands now. Raises ValueError if nothing was."""
        self.is_on = False
        self._end_keys()
        if not self._steps:
            raise ValueError("nothing was recorded: ring up a sale, press keys, or let something go wrong")
        captures, receipts = self._counts()
        before = self._before()
        lines = [one.text for one in self._backend.register_log() if one.sender == "terminal"]
        end = Expect(
            state=self.state_now(),
            register=" ".join(lines[-1].split()[:2]) if lines and not lines[-1].startswith("WAIT") else None,
            paid=captures - before[0],
            receipts=receipts - before[1],
            promises="unbroken",
        )
        title = Words("Upptaka", "Recording")
        about = Words("Tekið upp á afgreiðsluborðinu.", "Recorded at the counter.")
        steps = (*self._steps[: MAX_STEPS - 1], Step(expect=end))
        return write_scenario(Scenario(title=title, about=about, steps=steps))

    def state_now(self) -> str:
        return self._backend.state().state

    def noted(self, method: str, path: str, body: bytes, state_before: str) -> None:
        """A request that was carried out, and the state in which it was made."""
        if not self.is_on:
            return
        self._came_to = state_before
        try:
            given = msgspec.json.decode(body) if body else {}
        except ValueError:
            return
        if not isinstance(given, dict):
            return
        match method, path:
            case "POST", "/api/keypad":
                self._note_keys(str(given.get("keys", "")), hold=bool(given.get("hold")))
            case "POST", "/api/register":
                self._add(self._sent(str(given.get("send", ""))))
            case "PUT", "/api/faults":
                self._add(_fault_step(given))
            case "DELETE", "/api/faults":
                pass
            case "PUT", "/api/printer":
                for change in given.items():
                    if change in _PRINTER_FAULTS:
                        self._add(Step(fault=_PRINTER_FAULTS[change]))
                    elif change in _PRINTER_REPAIRS:
                        self._add(Step(off=_PRINTER_REPAIRS[change]))
            case "POST", _ if match := _CUSTOMER.fullmatch(path):
                self._add(Step(accept=True) if match[1] == "accept" else Step(reject=True))

    def _counts(self) -> tuple[int, int]:
        printed = sum(1 for receipt in self._stage.printer.receipts if receipt.cut)
        return len(self._stage.sandbox.book.captures), printed

    def _sent(self, line: str) -> Step:
        if (asked := _PAY.fullmatch(line)) is None:
            for number, register_id in enumerate(self._ids, 1):
                line = line.replace(register_id, f"{{{number}}}")
            return Step(send=line)
        register_id = asked[2] or ""
        if register_id not in self._ids:
            self._ids.append(register_id)
        number = self._ids.index(register_id) + 1
        return Step(pay=int(asked[1]), id=str(number) if number > 1 else None)

    def _note_keys(self, keys: str, *, hold: bool) -> None:
        if not self._keys:
            self._wait_for_state()
        self._keys += keys[:-1] if hold else keys
        if hold:
            self._end_keys()
            self._steps.append(Step(hold=keys[-1]))
        elif "#" in keys:
            self._end_keys()

    def _end_keys(self) -> None:
        keys, self._keys = self._keys, ""
        if not keys:
            return
        newest = self._stage.sandbox.book.newest(1)
        if newest and newest[0].sms_code and keys == f"{newest[0].sms_code}#":
            self._steps.append(Step(sms_code=True))
        elif keys[-1] == "#" and self._stage.sandbox.customers.was_issued(keys[:-1]):
            self._steps.append(Step(app_code=True))
        else:
            self._steps.append(Step(keys=keys))

    def _add(self, step: Step) -> None:
        self._end_keys()
        if step.accept or step.reject:
            self._state = "customer"  # the step itself waits for the request on the phone
        else:
            self._wait_for_state()
        self._steps.append(step)

    def _wait_for_state(self) -> None:
        if self._came_to != self._state:
            self._state = self._came_to
            self._steps.append(Step(expect=Expect(state=self._came_to)))


def _fault_step(given: dict[str, Any]) -> Step:
    name = str(given.get("fault", ""))
    if given.get("on") is False:
        return Step(off=name)
    options = {key: value for key, value in given.items() if key != "on"}
    return Step(fault=name if len(options) == 1 else msgspec.convert(options, FaultRequest))


class RecordingMiddleware:
    """ASGI: shows the recorder each changing request that succeeded, body and all."""

    def __init__(self, app: ASGIApp, recorder: ScenarioRecorder) -> None:
        self._app = app
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "GET" or not self._recorder.is_on:
            await self._app(scope, receive, send)
            return
        body, state_before = bytearray(), self._recorder.state_now()
        status = 500

        async def hearing() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, hearing, sending)
        if status < 300:
            self._recorder.noted(scope["method"], scope["path"], bytes(body), state_before)

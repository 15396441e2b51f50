"""A lamp and a buzzer: what staff notice without looking at the screen. On GPIO by gpiozero, or simulated.

A pattern is a list of flashes played on the event loop, one timer at a time, and a lamp that stays lit or dark after
them; at rest nothing runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any

from hardware.gpio import pin_factory
from hardware.interfaces import DeviceError, Pattern
from hardware.settings import SignalSettings
from hardware.worker import Worker

log = logging.getLogger(__name__)

OPEN_DEADLINE_S = 10.0
NOT_WIRED = 0
"""GPIO 0 belongs to the Pi's own identification of boards, so it can stand for "no pin"."""


class PatternPlayer(ABC):
    """Plays one pattern at a time; a new one takes the place of the old."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None

    @abstractmethod
    def _set(self, *, lamp: bool, buzzer: bool) -> None:
        """Switch both. May raise anything that a GPIO library raises."""

    def play(self, pattern: Pattern) -> None:
        """Begin at once and return; see :class:`hardware.interfaces.Signals`."""
        self._stop()
        self._play_from(pattern, 0)

    def _play_from(self, pattern: Pattern, index: int) -> None:
        self._timer = None
        try:
            if index == len(pattern.flashes):
                self._set(lamp=pattern.stays_lit, buzzer=False)
                return
            flash = pattern.flashes[index]
            self._set(lamp=flash.lamp, buzzer=flash.buzzer)
        except Exception as error:  # gpiozero's are RuntimeErrors, the kernel's OSErrors
            log.error("lamp and buzzer: %s", error or type(error).__name__)
            return
        self._timer = asyncio.get_running_loop().call_later(flash.duration_s, self._play_from, pattern, index + 1)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class GpioSignals(PatternPlayer):
    """On two pins of the Pi, high is on; either may be missing. ``factory`` is for tests."""

    def __init__(self, settings: SignalSettings, factory: Any = None) -> None:
        super().__init__()
        if settings.lamp_pin == settings.buzzer_pin:
            raise ValueError(f"lamp and buzzer cannot both be on GPIO {settings.lamp_pin}")
        self._settings = settings
        self._factory = factory
        self._lamp: Any = None
        self._buzzer: Any = None

    @property
    def description(self) -> str:
        names = {"lamp": self._settings.lamp_pin, "buzzer": self._settings.buzzer_pin}
        return ", ".join(f"{name} on GPIO {pin}" for name, pin in names.items() if pin != NOT_WIRED)

    async def open(self) -> None:
        """Raises DeviceError if there is no GPIO chip or a pin is taken."""
        await self.close()
        worker = Worker("signals open")
        try:
            self._lamp, self._buzzer = await worker.call(self._claim, deadline_s=OPEN_DEADLINE_S)
        except Exception as error:  # gpiozero's are RuntimeErrors, the kernel's OSErrors
            raise DeviceError(
                f"{self.description}: cannot be used ({type(error).__name__}: {error}): check the pins under [signals],"
                " and that this user is in the group gpio"
            ) from error
        finally:
            worker.stop()

    async def close(self) -> None:
        """Switch both off and let the pins go. Raises nothing."""
        self._stop()
        lamp, buzzer, self._lamp, self._buzzer = self._lamp, self._buzzer, None, None
        for device in (lamp, buzzer):
            if device is not None:
                with contextlib.suppress(Exception):  # the chip may be gone; there is nobody to tell
                    device.off()
                    device.close()

    def _claim(self) -> tuple[Any, Any]:
        from gpiozero import LED, Buzzer  # noqa: PLC0415

        factory = self._factory or pin_factory()
        lamp = LED(self._settings.lamp_pin, pin_factory=factory) if self._settings.lamp_pin != NOT_WIRED else None
        try:
            wired = self._settings.buzzer_pin != NOT_WIRED
            return lamp, Buzzer(self._settings.buzzer_pin, pin_factory=factory) if wired else None
        except BaseException:
            if lamp is not None:
                lamp.close()
            raise

    def _set(self, *, lamp: bool, buzzer: bool) -> None:
        if self._lamp is not None:
            self._lamp.value = lamp
        if self._buzzer is not None:
            self._buzzer.value = buzzer


class SimulatedSignals(PatternPlayer):
    """``lamp`` and ``buzzer`` are as they are now, ``played`` what was asked for; ``on_change`` follows each switch."""

    description = "simulated lamp and buzzer"

    def __init__(self) -> None:
        super().__init__()
        self.lamp = self.buzzer = False
        self.played: deque[Pattern] = deque(maxlen=100)
        self.on_change: Callable[[], None] = lambda: None
        self._plugged = True

    async def open(self) -> None:
        """Raises DeviceError while they are unplugged."""
        if not self._plugged:
            raise DeviceError("simulated lamp and buzzer: not wired, plug them in")

    async def close(self) -> None:
        self._stop()
        self._set(lamp=False, buzzer=False)

    def play(self, pattern: Pattern) -> None:
        self.played.append(pattern)
        super().play(pattern)

    def unplug(self) -> None:
        """As with real ones, only the next ``open`` notices."""
        self._stop()
        self._set(lamp=False, buzzer=False)
        self._plugged = False

    def plug_in(self) -> None:
        self._plugged = True

    def _set(self, *, lamp: bool, buzzer: bool) -> None:
        if self._plugged and (lamp, buzzer) != (self.lamp, self.buzzer):
            self.lamp, self.buzzer = lamp, buzzer
            self.on_change()

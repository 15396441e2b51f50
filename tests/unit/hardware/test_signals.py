"""Lamp and buzzer on gpiozero's mock pins, and simulated: the same patterns in the same time."""

from __future__ import annotations

import asyncio

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.interfaces import DeviceError, Flash, Pattern
from hardware.settings import SignalSettings
from hardware.signals import GpioSignals, SimulatedSignals
from tests.virtual_time import run_with_workers

PATTERN = Pattern((Flash(0.1, buzzer=True), Flash(0.2, lamp=False), Flash(0.3)))


class Watched:
    """Either kind of signals, and how to read its outputs."""

    def __init__(self, kind: str) -> None:
        self.factory = MockFactory()
        self.signals = SimulatedSignals() if kind == "simulated" else GpioSignals(SignalSettings(), self.factory)

    def state(self) -> tuple[bool, bool]:
        if isinstance(self.signals, SimulatedSignals):
            return self.signals.lamp, self.signals.buzzer
        return bool(self.factory.pin(23).state), bool(self.factory.pin(18).state)


both = pytest.mark.parametrize("kind", ["gpio", "simulated"])


def run(main) -> None:
    run_with_workers(main(), grace_s=0.02)


@both
@pytest.mark.parametrize("stays_lit", [False, True])
def test_a_pattern_is_played_and_then_nothing_runs(kind, stays_lit):
    async def main() -> None:
        watched = Watched(kind)
        await watched.signals.open()
        watched.signals.play(Pattern(PATTERN.flashes, stays_lit=stays_lit))
        seen = [watched.state()]
        for pause_s in (0.11, 0.2, 0.3):
            await asyncio.sleep(pause_s)
            seen.append(watched.state())
        assert seen == [(True, True), (False, False), (True, False), (stays_lit, False)]
        assert watched.signals._timer is None
        await watched.signals.close()
        assert watched.state() == (False, False)

    run(main)


@both
def test_a_new_pattern_takes_the_place_of_the_old(kind):
    async def main() -> None:
        watched = Watched(kind)
        await watched.signals.open()
        watched.signals.play(PATTERN)
        await asyncio.sleep(0.05)
        watched.signals.play(Pattern(stays_lit=True))
        assert watched.state() == (True, False)
        await asyncio.sleep(10)
        assert watched.state() == (True, False)
        await watched.signals.close()

    run(main)


def test_either_may_be_missing():
    async def main() -> None:
        factory = MockFactory()
        signals = GpioSignals(SignalSettings(lamp_pin=0), factory)
        await signals.open()
        signals.play(PATTERN)
        assert factory.pin(18).state
        assert signals.description == "buzzer on GPIO 18"
        await signals.close()

    run(main)


def test_without_a_gpio_chip_it_says_what_to_check():
    async def main() -> None:
        with pytest.raises(DeviceError, match=r"\[signals\].*group gpio"):
            await GpioSignals(SignalSettings()).open()

    run(main)


def test_pins_that_are_the_same_are_refused():
    with pytest.raises(ValueError, match="both be on GPIO 5"):
        GpioSignals(SignalSettings(lamp_pin=5, buzzer_pin=5))


def test_a_chip_that_fails_while_playing_harms_nobody(caplog):
    async def main() -> None:
        watched = Watched("gpio")
        await watched.signals.open()
        assert isinstance(watched.signals, GpioSignals)
        watched.signals._lamp.close()
        watched.signals.play(PATTERN)
        await asyncio.sleep(1)
        await watched.signals.close()

    run(main)
    assert "lamp and buzzer" in caplog.text

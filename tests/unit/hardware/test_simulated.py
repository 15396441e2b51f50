"""The simulated keypad and display. The printer is in test_printer.py, the cable in test_register_cable.py."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable

import pytest
from PIL import Image

from hardware.interfaces import NO_JAM, Cut, DeviceError, Jam, TextLine
from hardware.keypad_scanner import STUCK_AFTER_S
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from tests.virtual_time import run_virtual


def type_on(scenario: Callable[[SimulatedKeypad], Awaitable[None]]) -> str:
    """What a keypad reports while ``scenario`` plays, without real waiting."""

    async def main() -> str:
        keypad, keys = SimulatedKeypad(), []
        await keypad.open(keys.append, lambda error: keys.append(f"<{error}>"))
        await scenario(keypad)
        await keypad.close()
        return "".join(keys)

    return run_virtual(main())


def test_keys_are_reported_one_after_another_although_contacts_bounce():
    assert type_on(lambda keypad: keypad.press("8223281#")) == "8223281#"


def test_the_same_key_can_be_pressed_again_and_again():
    assert type_on(lambda keypad: keypad.press("000")) == "000"


def test_two_callers_do_not_mix_their_keys():
    async def scenario(keypad: SimulatedKeypad) -> None:
        await asyncio.gather(keypad.press("1234"), keypad.press("9876"))

    assert type_on(scenario) == "12349876"


def test_a_key_takes_as_long_as_debouncing_does():
    async def main() -> float:
        loop, keypad = asyncio.get_running_loop(), SimulatedKeypad()
        pressed_at_s, reported_at_s = loop.time(), []
        await keypad.open(lambda _key: reported_at_s.append(loop.time()), print)
        await keypad.press("5")
        return reported_at_s[0] - pressed_at_s

    assert 0.010 <= run_virtual(main()) <= 0.030


@pytest.mark.parametrize("keys", ["12", "124", "1245"])
def test_keys_pressed_together_give_none(keys):
    async def scenario(keypad: SimulatedKeypad) -> None:
        await keypad.press_together(keys)
        await keypad.press("7")

    assert type_on(scenario) == "7"


def test_a_stuck_key_is_reported_once_and_lets_the_others_work():
    async def scenario(keypad: SimulatedKeypad) -> None:
        await keypad.stick("5")
        await keypad.press("12")
        await keypad.release("5")
        await keypad.press("3")

    assert type_on(scenario) == "5123"


def test_a_key_that_stays_stuck_is_told_and_lets_the_others_work():
    jams: list[Jam] = []

    async def main() -> str:
        keypad, keys = SimulatedKeypad(), []
        await keypad.open(keys.append, print, jams.append)
        await keypad.stick("5")
        await asyncio.sleep(STUCK_AFTER_S + 1)
        await keypad.press("12")
        await keypad.release("5")
        await keypad.close()
        return "".join(keys)

    assert run_virtual(main()) == "512"
    assert jams == [Jam(stuck="5"), NO_JAM]


def test_keys_held_together_are_told_with_their_ghosts():
    jams: list[Jam] = []

    async def main() -> None:
        keypad = SimulatedKeypad()
        await keypad.open(print, print, jams.append)
        await keypad.press_together("124")
        assert jams == [], "too short to tell it from typing"
        await keypad.press_together("124", hold_s=1)
        await keypad.close()

    run_virtual(main())
    assert jams == [Jam(together="1245"), NO_JAM]


def test_nobody_can_press_a_key_of_a_pad_that_is_unplugged():
    async def scenario(keypad: SimulatedKeypad) -> None:
        keypad.unplug()
        with pytest.raises(DeviceError, match="unplugged"):
            await keypad.press("1")

    assert type_on(scenario).startswith("<simulated keypad")


def test_a_key_the_pad_does_not_have_is_refused_before_any_is_pressed():
    async def scenario(keypad: SimulatedKeypad) -> None:
        with pytest.raises(ValueError, match="no key 'x'"):
            await keypad.press("12x")
        with pytest.raises(ValueError, match="at most 200"):
            await keypad.press("1" * 201)

    assert type_on(scenario) == ""


def chequered() -> Image.Image:
    picture = Image.new("1", (128, 64))
    for x in range(0, 128, 2):
        picture.putpixel((x, x // 2), 1)
    return picture


def test_the_display_keeps_the_last_picture_also_when_the_caller_draws_on():
    async def main() -> None:
        display, picture = SimulatedDisplay(), chequered()
        await display.open()
        await display.show(picture)
        shown = picture.tobytes()
        picture.putpixel((1, 1), 1)
        assert display.picture.tobytes() == shown
        enlarged = Image.open(io.BytesIO(display.png(scale=3)))
        assert enlarged.size == (384, 192)
        assert enlarged.resize((128, 64), Image.Resampling.NEAREST).convert("1").tobytes() == shown
        await display.close()
        assert display.picture.getbbox() is None

    asyncio.run(main())


def test_an_unplugged_display_is_dark_and_needs_opening():
    async def main() -> None:
        display, changes = SimulatedDisplay(), []
        display.on_change = lambda: changes.append(display.picture.getbbox() is not None)
        await display.open()
        await display.show(chequered())
        display.unplug()
        assert changes == [False, True, False]
        with pytest.raises(DeviceError):
            await display.show(chequered())
        with pytest.raises(DeviceError):
            await display.open()
        display.plug_in()
        await display.open()
        await display.show(chequered())
        assert changes[-1]

    asyncio.run(main())


def test_a_display_with_a_loose_wire_answers_and_is_dark_until_it_is_set_up_anew():
    async def main() -> None:
        display = SimulatedDisplay()
        await display.open()
        await display.show(chequered())
        display.loosen()
        for again in (
            lambda: display.show(chequered(), anew=True),
            display.open,
            display.rest,
        ):
            await display.show(chequered())
            assert display.picture.getbbox() is None
            await again()
            await display.show(chequered())
            assert display.picture.getbbox() is not None
            display.loosen()

    asyncio.run(main())


def test_a_printer_that_is_not_awake_loses_one_job_and_says_that_all_is_well():
    async def main() -> list[str]:
        printer = SimulatedPrinter(columns=32)
        printer.loses_job = True
        await printer.open()
        for text in ("first", "second"):
            await printer.print_document([TextLine(text), Cut()])
        assert not printer.loses_job
        await printer.close()
        return [receipt.text.strip() for receipt in printer.receipts]

    assert asyncio.run(main()) == ["second"]

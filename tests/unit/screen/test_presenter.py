"""What happens on the glass by itself, over hours of virtual time, on a display that behaves and fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace
from PIL.Image import Image

from hardware.interfaces import DeviceError
from hardware.settings import DisplaySettings
from hardware.simulated import SimulatedDisplay
from terminal.counter.typing import Entry
from terminal.counter.view import Conditions, View
from terminal.sale.effects import SetDeadline
from terminal.sale.sale import Reason, State
from terminal.sale.sensitive import Sensitive
from terminal.screen.layout import pages
from terminal.screen.pixels import render
from terminal.screen.presenter import ANEW_S, PAGE_S, SHIFT_S, Presenter
from terminal.screen.screens import Countdown, screen_for
from tests.each import each_of
from tests.golden.samples import SALE
from tests.virtual_time import run_virtual

CUSTOMER = replace(SALE, state=State.CUSTOMER)
IN_20_S = SetDeadline(sale_number=SALE.number, state=State.CUSTOMER, delay_s=20)


class Display(SimulatedDisplay):
    """Counts what is drawn and tells when; ``faults`` of the next pictures are lost."""

    def __init__(self, size_px: tuple[int, int] = (128, 64)) -> None:
        super().__init__(size_px)
        self.drawn_s: list[float] = []
        self.opened_s: list[float] = []
        self.pictures: set[bytes] = set()
        self.faults = 0

    async def open(self) -> None:
        self.opened_s.append(asyncio.get_running_loop().time())
        await super().open()

    async def show(self, picture: Image, *, anew: bool = False) -> None:
        if self.faults > 0:
            self.faults -= 1
            raise DeviceError("the bus does not answer")
        await super().show(picture, anew=anew)
        self.drawn_s.append(asyncio.get_running_loop().time())
        self.pictures.add(picture.tobytes())

    @property
    def is_dark(self) -> bool:
        return self.picture.getbbox() is None


def run(
    scenario: Callable[[Presenter, Display], Coroutine[None, None, None]],
    *,
    size_px: tuple[int, int] = (128, 64),
    settings: DisplaySettings | None = None,
    hour: Callable[[], int] = lambda: 12,
) -> None:
    async def main() -> None:
        display = Display(size_px)
        presenter = Presenter(display, "is", "Búðin", settings or DisplaySettings(), local_hour=hour)
        task = asyncio.create_task(presenter.run())
        await asyncio.sleep(0.01)
        try:
            await scenario(presenter, display)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    run_virtual(main())


def test_the_time_is_counted_in_which_the_glass_is_lit() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        await asyncio.sleep(100)
        assert presenter.lit_s == pytest.approx(100, abs=1)
        await asyncio.sleep(3600)
        assert display.is_dark
        assert presenter.lit_s == pytest.approx(300, abs=1)
        presenter.wake()
        await asyncio.sleep(50)
        assert presenter.lit_s == pytest.approx(350, abs=1)
        display.faults = 1
        presenter.show(View(sale=CUSTOMER))
        await asyncio.sleep(50)
        assert presenter.failures == 1
        assert presenter.lit_s == pytest.approx(400, abs=1)

    run(scenario, settings=DisplaySettings(blank_after_s=300))


def test_display_goes_dark_after_a_while_and_costs_nothing_then() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        await asyncio.sleep(299)
        assert not display.is_dark
        await asyncio.sleep(2)
        assert display.is_dark
        display.drawn_s.clear()
        await asyncio.sleep(86_400)
        assert display.drawn_s == []

    run(scenario)


def test_key_and_new_view_wake_it() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        for stir in (presenter.wake, lambda: presenter.show(View(conditions=Conditions(network_ok=False)))):
            await asyncio.sleep(400)
            assert display.is_dark
            stir()
            await asyncio.sleep(0.01)
            assert not display.is_dark

    run(scenario)


@pytest.mark.parametrize(
    "view", [View(sale=CUSTOMER), View(result=replace(SALE, state=State.ATTENTION, reason=Reason.REFUND_DUE))]
)
def test_display_stays_lit_while_there_is_something_to_read_about_a_sale(view: View) -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        presenter.show(view)
        await asyncio.sleep(7200)
        assert not display.is_dark

    run(scenario)


def test_nothing_to_do_by_itself_but_the_shift_each_minute() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        await asyncio.sleep(3600)
        assert not display.is_dark
        assert 50 <= len(display.drawn_s) <= 3600 / SHIFT_S + 2

    run(scenario, settings=DisplaySettings(blank_after_s=0))


def test_no_pixel_of_a_standing_text_is_lit_all_the_time() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        await asyncio.sleep(20 * SHIFT_S)
        always = bytes([0xFF]) * len(next(iter(display.pictures)))
        for picture in display.pictures:
            always = bytes(a & b for a, b in zip(always, picture, strict=True))
        ever = render(screen_for(View(), "is", shop_name="Búðin"), (128, 64)).tobytes()
        assert _lit(always) < 0.25 * _lit(ever)

    run(scenario, settings=DisplaySettings(blank_after_s=0))


def _lit(picture: bytes) -> int:
    return sum(byte.bit_count() for byte in picture)


def test_countdown_is_drawn_once_a_second_until_the_end() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        presenter.show(View(sale=CUSTOMER, deadline=IN_20_S))
        await asyncio.sleep(0.01)
        assert presenter.screen.lines[-1] == "20 s"
        display.drawn_s.clear()
        await asyncio.sleep(10.0)
        assert presenter.screen.lines[-1] == "10 s"
        assert len(display.drawn_s) == 10
        await asyncio.sleep(30)
        assert presenter.screen.lines[-1] == "0 s"

    run(scenario)


def test_long_entry_is_counted_down_only_near_its_end_and_wakes_nobody_before() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        presenter.show(View(sale=SALE, deadline=replace(IN_20_S, state=State.ENTRY, delay_s=300)))
        await asyncio.sleep(0.01)
        display.drawn_s.clear()
        await asyncio.sleep(239)
        assert presenter.screen.countdown is None
        assert len(display.drawn_s) <= 239 // SHIFT_S
        await asyncio.sleep(2)
        assert presenter.screen.countdown is not None
        display.drawn_s.clear()
        await asyncio.sleep(10)
        assert 9 <= len(display.drawn_s) <= 11

    run(scenario)


def test_deadline_of_a_state_that_is_over_is_not_shown() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        presenter.show(View(sale=CUSTOMER, deadline=IN_20_S))
        assert presenter.screen.countdown == Countdown(20, 20)
        presenter.show(View(sale=replace(SALE, state=State.CODE_ENTRY)))
        assert presenter.screen.countdown is None

    run(scenario)


def test_a_second_stay_in_a_state_is_counted_from_its_own_beginning() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        code_entry = View(sale=replace(SALE, state=State.CODE_ENTRY), deadline=replace(IN_20_S, state=State.CODE_ENTRY))
        presenter.show(code_entry)
        await asyncio.sleep(15)
        presenter.show(replace(code_entry, entry=Entry(Sensitive("1"))))
        assert presenter.screen.countdown == Countdown(5, 20), "typing does not lengthen it"
        presenter.show(View(sale=replace(SALE, state=State.CODE_CHECK)))
        presenter.show(code_entry)
        assert presenter.screen.countdown == Countdown(20, 20)

    run(scenario)


def test_more_time_is_counted_from_when_it_was_asked_for() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        view = View(sale=CUSTOMER, deadline=IN_20_S)
        presenter.show(view)
        await asyncio.sleep(15)
        assert presenter.screen.countdown == Countdown(5, 20)
        presenter.show(replace(view, has_more_time=True))
        assert presenter.screen.countdown == Countdown(20, 20)

    run(scenario)


def test_pages_take_turns_on_a_low_display() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        view = View(sale=CUSTOMER, entry=Entry())
        presenter.show(view)
        await asyncio.sleep(0.01)
        first = display.picture.tobytes()
        await asyncio.sleep(PAGE_S)
        assert display.picture.tobytes() != first
        screen = screen_for(view, "is")
        assert display.picture.tobytes() == render(screen, (128, 32), page=1).tobytes()

    run(scenario, size_px=(128, 32))


def test_typing_does_not_wait_for_its_page() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        presenter.show(View(sale=SALE))
        await asyncio.sleep(PAGE_S * 1.5)
        view = View(sale=SALE, entry=Entry(Sensitive("8")))
        presenter.show(view)
        await asyncio.sleep(0.01)
        assert display.picture.tobytes() == render(screen_for(view, "is"), (128, 32)).tobytes()

    run(scenario, size_px=(128, 32))


def test_contrast_follows_the_hour() -> None:
    hours = [21]

    async def scenario(presenter: Presenter, display: Display) -> None:
        assert display.contrast == 200
        hours[0] = 22
        await asyncio.sleep(SHIFT_S)
        assert display.contrast == 3
        hours[0] = 7
        await asyncio.sleep(SHIFT_S)
        assert display.contrast == 200

    run(
        scenario,
        settings=DisplaySettings(contrast=200, night_contrast=3, night_hours="22-7", blank_after_s=0),
        hour=lambda: hours[0],
    )


@each_of(
    ("hours", "night"),
    [
        ("", []),
        ("22-7", [*range(7), 22, 23]),
        ("0-6", list(range(6))),
        ("13-14", [13]),
        ("5-5", []),
    ],
)
def test_night_hours(hours: str, night: list[int]) -> None:
    settings = DisplaySettings(night_hours=hours)
    assert [hour for hour in range(24) if settings.is_night(hour)] == night


def test_a_loose_wire_is_mended_within_a_minute_at_each_wake_and_when_a_sale_begins() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        display.loosen()
        presenter.show(View(conditions=Conditions(network_ok=False)))
        await asyncio.sleep(1)
        assert display.is_dark
        await asyncio.sleep(ANEW_S)
        assert not display.is_dark
        display.loosen()
        presenter.show(View(sale=SALE))
        await asyncio.sleep(0.01)
        assert not display.is_dark
        presenter.show(View())
        await asyncio.sleep(400)
        display.loosen()
        presenter.wake()
        await asyncio.sleep(0.01)
        assert not display.is_dark

    run(scenario)


def test_a_sale_in_which_something_changes_all_the_time_is_set_up_anew_all_the_same() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        presenter.show(View(sale=CUSTOMER, deadline=replace(IN_20_S, delay_s=150)))
        await asyncio.sleep(5)
        display.loosen()
        display.drawn_s.clear()
        await asyncio.sleep(ANEW_S)
        assert not display.is_dark
        assert len(display.drawn_s) <= ANEW_S + 1, "no picture more than the countdown's"

    run(scenario)


def test_display_that_is_lost_is_opened_again_and_counted() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        display.faults = 1
        await asyncio.sleep(100)
        presenter.wake()
        presenter.show(View(sale=SALE))
        await asyncio.sleep(1)
        assert presenter.failures == 1
        assert display.picture.tobytes() == render(screen_for(View(sale=SALE), "is"), (128, 64)).tobytes()

    run(scenario)


def test_display_that_opens_but_fails_every_picture_is_tried_ever_more_slowly() -> None:
    async def scenario(presenter: Presenter, display: Display) -> None:
        display.faults = 10**6
        presenter.show(View(sale=SALE))
        await asyncio.sleep(600)
        assert 15 <= len(display.opened_s) <= 30
        assert display.opened_s[-1] - display.opened_s[-2] >= 30

    run(scenario)


def test_texts_are_fitted_and_drawn_on_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small Pi both take long enough to keep the register and the next key waiting."""
    threads: set[str] = set()

    def noting_thread(work: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            threads.add(threading.current_thread().name)
            return work(*args, **kwargs)

        return noted

    for name, work in (("pages", pages), ("render", render)):
        monkeypatch.setattr(f"terminal.screen.presenter.{name}", noting_thread(work))

    async def scenario(presenter: Presenter, _display: Display) -> None:
        for digits in range(1, 8):
            presenter.show(View(sale=SALE, entry=Entry(Sensitive("8223281"[:digits]))))
            await asyncio.sleep(0.1)
        presenter.show(View(sale=CUSTOMER, deadline=IN_20_S))
        await asyncio.sleep(5)

    run(scenario)
    assert threads == {"drawing_0"}

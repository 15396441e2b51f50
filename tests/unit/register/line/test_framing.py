"""See terminal/register/line/framing.py: the framer is tested through the codec, the ration by itself."""

from __future__ import annotations

from terminal.register.line.framing import Ration


def test_a_ration_is_used_up_and_grows_again() -> None:
    ration = Ration(2, 1.0)
    assert [ration.take(0.0) for _ in range(3)] == [True, True, False]
    assert [ration.take(1.5) for _ in range(2)] == [True, False]


def test_a_ration_never_holds_more_than_it_may() -> None:
    ration = Ration(2, 1.0)
    ration.take(0.0)
    assert [ration.take(1e6) for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_gives_nothing() -> None:
    ration = Ration(1, 1.0)
    assert ration.take(100.0)
    assert not ration.take(50.0)

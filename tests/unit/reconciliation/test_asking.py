"""How the service is asked: slowly, each once, and no longer than it makes sense."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from terminal.errors import TerminalError
from terminal.reconciliation import asking
from terminal.reconciliation.asking import MOST_MISSES, PACE_S, Asker, Days, paid_out_of
from terminal.reconciliation.findings import Ending, Finding, Kind
from terminal.reconciliation.gathering import Payment
from terminal.reconciliation.progress import FRESH_S, Progress
from terminal.sale.gateway import (
    AuthorizationStatus,
    CallLost,
    CallRefused,
    PaymentRecord,
    RecordStatus,
    Refusal,
    SettledItem,
    Settlement,
    StatusReport,
)
from terminal.sale.sale import Reason, Sale, State
from tests.virtual_time import run_virtual

DAY = date(2026, 11, 23)


def payment(number: int) -> Payment:
    return Payment(
        Sale(
            number=number,
            reference=f"T1-{number}",
            register_id=str(number),
            amount_kr=1990,
            created="2026-11-23T15:00:00.000Z",
            state=State.CLOSED,
            reason=Reason.PAID,
            authorization_id=f"name-{number}",
        )
    )


class Service:
    """Knows every payment, unless it is silent."""

    payouts: Any = None

    def __init__(self, *, is_silent: bool = False) -> None:
        self.asked_s: list[float] = []
        self.asked: list[str] = []
        self.is_silent = is_silent
        self.searched: list[str] = []
        self.knows: dict[str, StatusReport] | None = None
        """By our reference; None: there is no such look-up."""

    async def find(self, reference: str) -> StatusReport:
        self.searched.append(reference)
        if self.knows is None:
            raise CallRefused(Refusal.NOT_OFFERED, "404")
        if reference not in self.knows:
            raise CallRefused(Refusal.NOT_FOUND, "10424")
        return self.knows[reference]

    async def look_up(self, authorization_id: str) -> PaymentRecord:
        self.asked.append(authorization_id)
        self.asked_s.append(asyncio.get_running_loop().time())
        if self.is_silent:
            raise CallLost("time-out")
        return PaymentRecord(
            authorization_id=authorization_id, status=RecordStatus.PAID, amount_kr=1990, is_refundable=True
        )


def ask(folder: Path, service: Service, count: int, *, now_s: float = 1e9, name: str = "here") -> list[Finding]:
    async def inside() -> list[Finding]:
        progress = Progress(folder, name).open(now_s)
        try:
            asker = Asker(service, progress, now_s=lambda: now_s, sleep=asyncio.sleep)
            found, _ = await asker.ask([payment(number) for number in range(1, count + 1)], Days(DAY, DAY), DAY)
            return found
        finally:
            progress.close()

    return run_virtual(inside())


def test_never_more_than_four_calls_a_second(tmp_path: Path) -> None:
    service = Service()
    ask(tmp_path, service, 20)
    gaps = [later - before for before, later in zip(service.asked_s, service.asked_s[1:], strict=False)]
    assert min(gaps) == pytest.approx(PACE_S)


def test_a_silent_service_is_left_alone(tmp_path: Path) -> None:
    service = Service(is_silent=True)
    found = ask(tmp_path, service, 50)
    assert len(service.asked) == MOST_MISSES
    assert {one.ending for one in found} == {Ending.NOT_ASKED}


def interrupt(folder: Path, *, now_s: float = 1e9) -> None:
    """After three of ten."""

    class PowerCut(Service):
        async def look_up(self, authorization_id: str) -> PaymentRecord:
            if len(self.asked) == 3:
                raise KeyboardInterrupt
            return await super().look_up(authorization_id)

    with pytest.raises(KeyboardInterrupt):
        ask(folder, PowerCut(), 10, now_s=now_s)


def test_who_was_interrupted_goes_on_where_it_was(tmp_path: Path) -> None:
    interrupt(tmp_path)
    service = Service()
    assert len(ask(tmp_path, service, 10)) == 10
    assert service.asked == [f"name-{number}" for number in range(4, 11)]


def test_answers_that_are_old_or_of_another_service_are_asked_for_again(tmp_path: Path) -> None:
    for then_s, name in ((1e9 + FRESH_S + 1, "here"), (1e9 - 1, "here"), (1e9, "there")):
        interrupt(tmp_path)
        service = Service()
        ask(tmp_path, service, 10, now_s=then_s, name=name)
        assert len(service.asked) == 10


def test_only_one_at_a_time(tmp_path: Path) -> None:
    first = Progress(tmp_path, "here").open(0)
    with pytest.raises(TerminalError, match="under way"):
        Progress(tmp_path, "here").open(0)
    first.close()
    Progress(tmp_path, "here").open(0).close()


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "reconciliation.progress").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TerminalError):
        Progress(tmp_path, "here").open(0)
    assert not (tmp_path / "elsewhere").exists()


# --- sales that the service has not named -----------------------------------------------------------------------------


def nameless(folder: Path, service: Service, *numbers: int) -> list[Finding]:
    async def inside() -> list[Finding]:
        progress = Progress(folder, "here").open(1e9)
        try:
            asker = Asker(service, progress, now_s=lambda: 1e9, sleep=asyncio.sleep)
            lost = [
                Payment(replace(payment(number).sale, authorization_id=None, reason=Reason.NOT_TRACEABLE))
                for number in numbers
            ]
            found, _ = await asker.ask(lost, Days(DAY, DAY), DAY)
            return found
        finally:
            progress.close()

    return run_virtual(inside())


def record(number: int, **more: Any) -> StatusReport:
    facts: dict[str, Any] = {"amount_kr": 1990, "reference": f"T1-{number}", "authorization_id": f"name-{number}"}
    return StatusReport(status=AuthorizationStatus.UNCLEAR, **(facts | more))


def test_they_are_found_by_reference_where_that_is_offered(tmp_path: Path) -> None:
    service = Service()
    service.knows = {"T1-1": record(1), "T1-3": record(3, amount_kr=1)}
    found = nameless(tmp_path, service, 1, 2, 3)
    assert service.searched == ["T1-1", "T1-2", "T1-3"]
    assert service.asked == ["name-1"], "what has another amount is not ours"
    assert found[0].advice == "netgiro-terminal settle 1 paid"
    assert [one.ending for one in found] == [Ending.DIFFERS, Ending.NOT_ASKED, Ending.NOT_ASKED]


def test_where_it_is_not_offered_it_is_asked_for_once(tmp_path: Path) -> None:
    service = Service()
    assert {one.ending for one in nameless(tmp_path, service, 1, 2, 3)} == {Ending.NOT_ASKED}
    assert service.searched == ["T1-1"]


# --- settlements ------------------------------------------------------------------------------------------------------


class Paying(Service):
    """Has paid out every day; may be interrupted."""

    def __init__(self, count: int, *, until: int | None = None) -> None:
        super().__init__()
        self.list = [
            Settlement(number=f"1-{number}", created="2026-11-23", total_kr=0, fee_kr=0, net_kr=0)
            for number in range(count)
        ]
        self.looked_into: list[str] = []
        self._until = until

    @property
    def payouts(self) -> Any:
        return self

    async def settlements(self, _first: date, _last: date) -> list[Settlement]:
        return self.list

    async def items(self, number: str) -> list[SettledItem]:
        if len(self.looked_into) == self._until:
            raise KeyboardInterrupt
        self.looked_into.append(number)
        return [SettledItem(created="2026-11-23T15:00:10Z", total_kr=0, fee_kr=0)]


def test_a_settlement_that_is_listed_twice_counts_once_and_differs(tmp_path: Path) -> None:
    """With other figures each time; what is told twice in the same words is one."""
    service = Paying(1)
    service.list += [service.list[0], replace(service.list[0], total_kr=500, net_kr=500)]
    told = [finding for finding in ask(tmp_path, service, 1) if finding.kind is Kind.SETTLEMENT]
    assert service.looked_into == ["1-0"]
    assert [finding.ending for finding in told] == [Ending.DIFFERS] * 2
    assert all("lists this number 2 times" in finding.what for finding in told)


def test_settlements_that_are_not_looked_into_are_said_to_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_SETTLEMENTS", 3)
    service = Paying(5)
    *_, left_out = ask(tmp_path, service, 1)
    assert len(service.looked_into) == 3
    assert (left_out.ending, left_out.what[:20]) == (Ending.NOT_ASKED, "2 settlements more t")
    assert "--from" in left_out.advice


def test_who_was_interrupted_in_the_settlements_goes_on_there(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        ask(tmp_path, Paying(10, until=4), 1)
    service = Paying(10)
    found = ask(tmp_path, service, 1)
    assert service.looked_into == [f"1-{number}" for number in range(4, 10)]
    assert sum(one.kind is Kind.SETTLEMENT for one in found) == 10


# --- everything that was paid out, for a chain ------------------------------------------------------------------------


class Chain(Paying):
    is_closed = False

    async def close(self) -> None:
        self.is_closed = True


def test_all_items_come_with_their_settlements_number_and_slowly() -> None:
    service: Any = Chain(3)
    service.list.append(service.list[1])  # listed twice, it counts once

    async def scenario() -> list[tuple[str, SettledItem]]:
        began_s = asyncio.get_running_loop().time()
        found = await paid_out_of(service, DAY, DAY)
        assert asyncio.get_running_loop().time() - began_s == pytest.approx(3 * PACE_S)
        return found

    assert [number for number, _ in run_virtual(scenario())] == ["1-0", "1-1", "1-2"]
    assert service.is_closed


def test_a_service_without_settlements_and_too_many_of_them_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    silent: Any = Chain(1)
    monkeypatch.setattr(Chain, "payouts", None)
    with pytest.raises(CallRefused, match="no settlements"):
        run_virtual(paid_out_of(silent, DAY, DAY))
    assert silent.is_closed
    monkeypatch.undo()
    monkeypatch.setattr(asking, "MOST_SETTLEMENTS", 3)
    with pytest.raises(CallRefused, match="fewer days"):
        run_virtual(paid_out_of(cast("Any", Chain(4)), DAY, DAY))

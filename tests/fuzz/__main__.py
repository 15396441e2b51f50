"""Throws seeded noise and damaged real messages at a register protocol, with a terminal behind it that plays along.

    python -m tests.fuzz zvt --bytes 10000000 --seed 1
    python -m tests.fuzz zvt --speed          real messages only, against a line of 115,200 baud

Ends with 1 and the seed if anything raises, if what waits for the wire grows, if results are delivered that were never
told, or if a second sale is begun while one is open. Every run with the same seed is the same.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

from terminal.counter import register_words as reg
from terminal.register.protocol import RegisterProtocol
from terminal.sale.sale import Outcome, Reason
from terminal.sale.totals import Tally, Totals
from tests.fuzz.codecs import CODECS, Codec
from tests.sales import GUID, new_sale

MOST_UNSENT_BYTES = 64 * 1024
MOST_MEMORY_BYTES = 1024 * 1024
"""By which a protocol may grow over a run."""
WARM_UP_BYTES = 200_000
LINE_BYTES_PER_S = 11_520
"""115,200 baud, 8N1."""
LATE_SHARE, MOST_LATE = 0.1, 50
"""Answers that come when the register has long gone on to something else."""
MOST_REMEMBERED = 1000
"""Results that the terminal remembers having told."""


class Terminal:
    """Takes a sale when none is open, decides it at some time, answers every question, now or a little later."""

    def __init__(self, protocol: RegisterProtocol, rng: random.Random) -> None:
        self.protocol = protocol
        self.rng = rng
        self.now_s = 0.0
        self.sales = 0
        self.delivered = self.rejected = 0
        self._open_id: str | None = None
        self._told: dict[str, None] = {}
        self._late: list[tuple[reg.RegisterReply, reg.RegisterQuestion]] = []

    def requested(self, requests: Sequence[reg.RegisterRequest]) -> None:
        for request in requests:
            match request:
                case reg.ResultDelivered(name) | reg.ResultRefusal(name):
                    assert name in self._told, f"{request} of a sale that was never told"
                    self.delivered += isinstance(request, reg.ResultDelivered)
                    self.rejected += isinstance(request, reg.ResultRefusal)
                case _:
                    self._answer(request)

    def _answer(self, request: Any) -> None:
        if self.rng.random() < 0.03:
            return  # the inbox was full
        match request:
            case reg.SaleRequest() if self._open_id is None:
                self.sales += 1
                self._open_id = request.register_id or f"T1-{self.sales}"
                self._echo, self._amount_kr = request.echo, request.amount_kr
                self._say(reg.SaleAccepted(self._open_id), request)
            case reg.SaleRequest():
                self._say(reg.RequestRefused(request.register_id, reg.RefusalCode.BUSY, "önnur sala"), request)
            case reg.TotalSeen(amount_kr):  # a cashier who takes every offer
                if amount_kr is not None:
                    self._answer(reg.SaleRequest(amount_kr))
            case reg.CancelRequest() if self._open_id is not None:
                self._say(reg.SaleAccepted(self._open_id), request)
                self.decide(Reason.REGISTER_CANCELLED)
            case reg.CancelRequest() | reg.ResultRequest():
                self._say(reg.RequestRefused(request.register_id, reg.RefusalCode.NOT_FOUND, "engin sala"), request)
            case reg.LastResultRequest():
                self._say(self._result(f"T1-{self.sales}", self.rng.choice(list(Reason))), request)
            case reg.ConditionRequest():
                self._say(reg.TerminalCondition(busy=self._open_id is not None), request)
            case reg.TotalsRequest(close):
                tally = Tally(self.rng.randrange(300), self.rng.randrange(10**9))
                totals = Totals(by_outcome={Outcome.APPROVED: tally}, first_number=1, last_number=9)
                self._say(reg.TotalsReport(number=1, totals=totals, closed=close), request)
            case _:
                self._say(reg.RequestRefused(None, reg.RefusalCode.NOT_POSSIBLE, "ekki hægt"), request)

    def decide(self, reason: Reason) -> None:
        """The open sale ends."""
        if self._open_id is not None:
            self._say(self._result(self._open_id, reason))
            self._open_id = None

    def _result(self, name: str, reason: Reason) -> reg.SaleResult:
        self._told[name] = None
        if len(self._told) > MOST_REMEMBERED:
            del self._told[next(iter(self._told))]
        return reg.SaleResult(
            register_id=name,
            amount_kr=getattr(self, "_amount_kr", 1990),
            reason=reason,
            authorization_id=GUID,
            text="Heimild hafnað",
            echo=getattr(self, "_echo", ""),
            sale=new_sale(max(1, self.sales), register_id=name),
        )

    def _say(self, reply: reg.RegisterReply, to: reg.RegisterQuestion | None = None) -> None:
        """At once, or so late that the register has gone on."""
        if to is not None and self.rng.random() < LATE_SHARE:
            self._late = [*self._late[-MOST_LATE:], (reply, to)]
        else:
            self.protocol.send(reply, self.now_s, to)

    def pass_time(self) -> None:
        pauses_s = (40.0, 200.0) if self.rng.random() < 0.02 else (0.0, 0.01, 0.05, 0.1, 0.2, 1.0, 6.0)
        self.now_s += self.rng.choice(pauses_s)
        if self._late and self.rng.random() < 0.2:
            reply, to = self._late.pop(0)
            self.protocol.send(reply, self.now_s, to)
        due_s = self.protocol.next_wakeup_s
        if due_s is not None and due_s <= self.now_s:
            self.requested(self.protocol.wake(self.now_s))


def spoiled(samples: Sequence[bytes], rng: random.Random) -> bytes:
    """A few real messages, some of them damaged, or noise."""
    data = bytearray(b"".join(rng.choice(samples) for _ in range(rng.randrange(1, 5))))
    match rng.randrange(8):
        case 0:
            return rng.randbytes(rng.randrange(1, 200))
        case 1:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        case 2:
            del data[rng.randrange(len(data)) :]
        case 3:
            at = rng.randrange(len(data))
            data[at:at] = rng.randbytes(rng.randrange(1, 8))
        case 4:
            del data[: rng.randrange(len(data))]
    return bytes(data)


def fuzz(codec: Codec, wanted_bytes: int, seed: int, report: Callable[[str], None] = print) -> Terminal:
    """Raises whatever goes wrong."""
    rng = random.Random(seed)
    terminal = Terminal(codec.build(), rng)
    protocol, fed, baseline = terminal.protocol, 0, 0
    started_s = time.monotonic()
    tracemalloc.start()
    while fed < wanted_bytes:
        data = spoiled(codec.samples, rng)
        at = 0
        while at < len(data):
            size = rng.choice((1, 2, 7, len(data)))
            terminal.requested(protocol.receive_data(data[at : at + size], terminal.now_s))
            at += size
        fed += len(data)
        terminal.pass_time()
        if rng.random() < 0.1:
            terminal.decide(rng.choice(list(Reason)))
        if rng.random() < 0.7:
            unsent = protocol.data_to_send()
            assert len(unsent) <= MOST_UNSENT_BYTES, f"{len(unsent)} bytes waited for the wire"
            terminal.requested(protocol.data_sent())
        if rng.random() < 0.01:
            terminal.requested(protocol.connection_lost())
        if baseline == 0 and fed >= min(WARM_UP_BYTES, wanted_bytes):
            baseline = tracemalloc.get_traced_memory()[0]
    grown = tracemalloc.get_traced_memory()[0] - baseline
    tracemalloc.stop()
    assert grown < MOST_MEMORY_BYTES, f"grew by {grown} bytes"
    took_s = time.monotonic() - started_s
    report(
        f"{fed} bytes in {took_s:.0f} s: {terminal.sales} sales, {terminal.delivered} results delivered, "
        f"{terminal.rejected} rejected, memory {grown / 1024:+.0f} KiB"
    )
    return terminal


def measure_speed(codec: Codec, rounds: int = 300) -> float:
    """Bytes of real messages that a protocol and a terminal which refuses everything take in a second of CPU time."""
    protocol, now_s = codec.build(), 0.0
    block = b"".join(codec.samples)
    refused = reg.RequestRefused(None, reg.RefusalCode.AMOUNT, "")
    started_s = time.process_time()
    for _ in range(rounds):
        for request in protocol.receive_data(block, now_s):
            if not isinstance(request, reg.ResultDelivered | reg.ResultRefusal):
                protocol.send(refused, now_s, request if isinstance(request, reg.RegisterQuestion) else None)
        protocol.data_to_send()
        now_s += 10.0
        protocol.wake(now_s)
    return rounds * len(block) / (time.process_time() - started_s)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("codec", choices=sorted(CODECS))
    parser.add_argument("--bytes", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", action="store_true", help="measure instead")
    options = parser.parse_args()
    if options.speed:
        speed = max(measure_speed(CODECS[options.codec]) for _ in range(5))
        print(f"{speed / 1e6:.2f} MB/s of CPU time, {speed / LINE_BYTES_PER_S:.0f} x a line of 115,200 baud")
        return 0
    try:
        fuzz(CODECS[options.codec], options.bytes, options.seed)
    except Exception:
        print(f"failed; again with: python -m tests.fuzz {options.codec} --seed {options.seed}", file=sys.stderr)
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())

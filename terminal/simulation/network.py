"""The network between terminal and service, in virtual time, with everything that a network can do.

A request can be lost, arrive late (also after the terminal has given up on it) or arrive twice; an answer can be lost,
late, cut off, unreadable, badly signed or about the wrong amount. An idle connection can be gone when it is used again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple, Protocol

from terminal.netgiro.carrier import Carrier, RawAnswer, Request
from terminal.sale.gateway import CallLost, CallRefused, Refusal
from terminal.simulation.spoiling import spoil
from terminal.simulation.world import World

TIMEOUT_S = 15.0
"""The terminal's own: after this it takes a call for lost."""
KEPT_ALIVE_S = 5.0
"""The other side closes a connection over which nothing has come for so long."""
PAGE = 0.3
"""How often it answers with a page, and HTTP 200."""
CANNOT_BE_REPEATED = ("InsertCart", "ConfirmCart", "payment", "capture", "cancel", "refund")


TROUBLES = ("not sent", "lost before", "lost after", "late request", "late answer", "twice", "spoiled", "refused")
CAPTURES = ("ConfirmCart", "capture")


class Exchange(NamedTuple):
    """One request on its way, awaited by the carrier; the network resumes it with an answer or an error."""

    request: Request

    def __await__(self) -> Generator[Exchange, RawAnswer, RawAnswer]:
        return (yield self)


class SimulatedCarrier(Carrier):
    """The simulated network, in place of HTTPS."""

    async def exchange(self, request: Request) -> RawAnswer:
        return await Exchange(request)

    async def reach(self, _url: str) -> bool:
        """The world's own looks do not come this way, see looks.py."""
        return True

    async def close(self) -> None:
        """There is nothing to let go of."""


class Service(Protocol):
    """Who is at the other end."""

    def serve(self, request: Request) -> RawAnswer:
        """Carry a request out."""

    def answer(self, request: Request, http_status: int, body: bytes) -> RawAnswer:
        """A body as this service sends it."""

    def refuse(self, request: Request, http_status: int, message: str) -> RawAnswer:
        """A call that did nothing."""


Resume = Callable[[RawAnswer | Exception], None]


def call_of(request: Request) -> str:
    """What the call is named by: its path's last part, or the one before where that is a transaction."""
    parts = request.url.split("/")
    return parts[-2] if request.method == "GET" else parts[-1]


def says_by_status(request: Request) -> bool:
    """The partner API says by HTTP 200 alone that a refund was done; V2 says it in the body."""
    return call_of(request) == "refund" and "/transaction/" not in request.url


class Network:
    """The way from the terminal to the service and back."""

    def __init__(self, world: World, service: Service) -> None:
        self._world = world
        self._service = service
        self.troubles: Sequence[str] = TROUBLES
        """What a call in trouble can meet."""
        self._last_used_s: float | None = None
        self.captures_under_way = 0
        """They have left the terminal and will arrive, whether or not it still waits for an answer."""
        self.lost_for_being_idle: list[str] = []
        """Calls that cannot be repeated and that were lost because a connection had been idle."""

    def carry(self, request: Request, resume: Resume) -> None:
        """Take a request to the service and, perhaps, an answer back."""
        world, rng = self._world, self._world.rng
        there_s, back_s = rng.uniform(0.02, 0.3), rng.uniform(0.02, 0.3)
        trouble = ""
        if self._is_gone(request):
            world.at(there_s, lambda: resume(CallLost("the connection is gone")))
            return
        if world.happens(world.rates.call_trouble, "call trouble"):
            trouble = rng.choice(self.troubles)
            if trouble == "twice" and call_of(request) in (
                "payment",
                "refund",
            ):  # no nonce would make a second copy harmless,
                trouble = "late answer"  # and TLS carries none
            world.count(trouble)
            world.tell("network", f"{trouble}: {request.url.rsplit('/', 1)[-1]}")
        match trouble:
            case "not sent":
                world.at(there_s, lambda: resume(CallRefused(Refusal.NOT_SENT, "no route")))
            case "lost before":
                world.at(self._until_given_up(), lambda: resume(CallLost("no answer")))
            case "lost after":
                self._arrive_later(request, there_s)
                world.at(self._until_given_up(), lambda: resume(CallLost("no answer")))
            case "late request":
                self._arrive_later(request, rng.uniform(1, 90))
                world.at(self._until_given_up(), lambda: resume(CallLost("no answer")))
            case "late answer":
                self._answer_later(request, there_s, rng.uniform(1, 14), resume)
            case "twice":
                again_s = rng.uniform(0, 5)
                first_s, second_s = rng.choice(((there_s, there_s + again_s), (there_s + again_s, there_s)))
                self._answer_later(request, first_s, back_s, resume)
                self._arrive_later(request, second_s)
            case "spoiled":
                self._arrive_later(request, there_s, lambda answer: self._spoil(request, answer, back_s, resume))
            case "refused":
                self._refuse(request, there_s, resume)
            case _:
                self._answer_later(request, there_s, back_s, resume)

    def answers_a_look(self) -> bool:
        """Whether a request for nothing brings an answer now; as often not as calls get into trouble."""
        return self._world.rng_aside.random() >= self._world.rates.call_trouble

    def _until_given_up(self) -> float:
        return TIMEOUT_S if self._world.rng.random() < 0.5 else self._world.rng.uniform(0.1, 2)

    def _answer_later(self, request: Request, there_s: float, back_s: float, resume: Resume) -> None:
        self._arrive_later(request, there_s, lambda answer: self._world.at(back_s, lambda: resume(answer)))

    def _arrive_later(
        self, request: Request, there_s: float, then: Callable[[RawAnswer], object] = lambda _answer: None
    ) -> None:
        is_capture = call_of(request) in CAPTURES
        self.captures_under_way += is_capture

        def arrive() -> None:
            self.captures_under_way -= is_capture
            then(self._service.serve(request))

        self._world.at(there_s, arrive)

    def _refuse(self, request: Request, there_s: float, resume: Resume) -> None:
        """Something in front of the service answers for it; the request does not get through."""
        if self._world.rng_aside.random() < PAGE:
            self._world.at(there_s, lambda: resume(RawAnswer(200, {}, b"<html>We are back soon</html>")))
            return
        status = self._world.rng.choice((400, 401, 403, 404, 408, 429, 500, 502, 503))
        answer = self._service.refuse(request, status, "refused")
        self._world.at(there_s, lambda: resume(answer))

    def _spoil(self, request: Request, answer: RawAnswer, back_s: float, resume: Resume) -> None:
        """The work is done; the answer is not worth anything."""
        # A refund that is refused stays so, where nothing in a 200 without a body would tell that it was not done.
        status = answer.http_status if says_by_status(request) else 200
        spoiled = spoil(self._world.rng, answer, lambda body: self._service.answer(request, status, body))
        self._world.at(back_s, lambda: resume(spoiled))

    def _is_gone(self, request: Request) -> bool:
        """Whether the connection was closed while nothing came over it, and the request goes down with it."""
        idle_s = self._world.now_s - (self._last_used_s if self._last_used_s is not None else self._world.now_s)
        self._last_used_s = self._world.now_s
        is_old = idle_s >= KEPT_ALIVE_S and request.may_repeat  # else a new connection is made
        if not (is_old and self._world.happens(self._world.rates.call_trouble, "idle connection gone")):
            return False
        if call_of(request) in CANNOT_BE_REPEATED:
            self.lost_for_being_idle.append(call_of(request))
        return True

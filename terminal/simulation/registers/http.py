"""A register program that speaks JSON over HTTP, and a second one on the same terminal.

Written from how such programs work: a key for every payment, a long poll until there is an outcome, the same request
again under the same key after a time-out. What goes over the line is a call a line, as the terminal's web server hands
it on; a connection that breaks takes its calls with it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from terminal.simulation.registers.driver import Complaint, Told
from terminal.simulation.registers.http_calls import FIRST, HttpCalls, Json, pass_over

SECOND, OFFICE = "Kassi 2", "Bakvinnsla"


class HttpDriver(HttpCalls):
    """Calls and answers; what is asked for again has the same key."""

    has_names = True
    names_one_try = True

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._name = ""
        self._is_over = True
        self._ids: dict[str, str] = {}
        """What the terminal calls a payment, by its key; of today."""
        self._of_today: dict[str, int] = {}
        self._refunds = 0

    def begin_day(self) -> None:
        """Started anew, and waits for no answer of yesterday."""
        self._ids.clear()
        self._of_today.clear()
        self._waiting.clear()
        self._polls.clear()

    # --- what it can be asked -----------------------------------------------------------------------------------------

    def _pay(self, amount_kr: int, name: str) -> None:
        self._name = name
        self._of_today[name] = amount_kr
        self._is_over = False
        self.pay_again()

    def pay_again(self) -> None:
        """The very same request once more."""
        name = self._name

        def begun(status: int, body: Json) -> None:
            if status == 201:
                self._take(name, body)
            else:
                self.refusals.append(body["code"])

        self._ask("POST", "/v1/payments", begun, key=name, body={"amount": self.amount_kr})

    def cancel(self) -> None:
        if (payment := self._ids.get(self._name)) is None:
            return
        name = self._name

        def called_off(status: int, body: Json) -> None:
            if status == 200:
                self._take(name, body)
            elif status == 409:
                self._take(name, body["payment"])

        self._ask("DELETE", f"/v1/payments/{payment}", called_off)

    def repeat_last(self) -> None:
        """After a time-out: what has become of this key?"""
        name = self._name
        self._ask("GET", "/v1/payments", lambda status, body: self._found(name, status, body), query={"key": name})

    def refund(self, of: str, amount_kr: int | None) -> None:
        payment = self._ids.get(of)
        if payment is None:
            return
        self._refunds += 1
        key = f"back{self._refunds // 2}"  # each key twice: repeated, or a mistake

        def begun(status: int, body: Json) -> None:
            if status != 201:
                self.refusals.append(body["code"])
                return
            self._take_refund(key, body)

        body = {"amount": amount_kr} if amount_kr is not None else {}
        self._ask("POST", f"/v1/payments/{payment}/refunds", begun, key=key, body=body)

    def nudge(self, rng: random.Random) -> None:
        rng.choice((self.pay_again, self.repeat_last, self._look))()

    def _look(self) -> None:
        if (payment := self._ids.get(self._name)) is not None:
            self._poll(self._name, payment)
        else:
            self.repeat_last()

    @property
    def moods(self) -> Mapping[str, Callable[[], None]]:
        return {
            "names another amount": self._name_another_amount,
            "rings up another sale": self._ring_up_another,
            "asks for an old sale again": self._ask_for_old,
            "ends the day": self._end_day,
            "asks for the totals": lambda: self._look_at("/v1/totals"),
            "asks how the terminal is": lambda: self._look_at("/v1/status"),
            "wants to give money back": lambda: self.refund(self._name, 1),
            "wants to take it all back": lambda: self.refund(self._name, None),
            "hangs up": self._hang_up,
            "lets a second program use its key": self._share_the_key,
            "lets a second program ask": self._let_second_ask,
            "babbles": self._babble,
        }

    @property
    def waits(self) -> bool:
        return not self._is_over

    def _end_day(self) -> None:
        """By a program that does nothing else, and asks again if it has heard nothing. What it has heard it books."""

        def ended(status: int, body: Json) -> None:
            if status == 200:
                self.booked_kr.append(body["sales"]["amount"])
                self.on_totals(self.booked_kr[-1])
                self._ask("GET", "/v1/totals", pass_over, program=OFFICE)

        self._ask("POST", "/v1/end-of-day", ended, program=OFFICE)

    def _name_another_amount(self) -> None:
        name, asked_s, amount_kr = self._name, self._clock(), 10 * self.amount_kr

        def refused(status: int, body: Json) -> None:
            if status == 201 and body["amount"] != amount_kr:
                words = f"{name} was asked for with another amount, and answered with a payment"
                self.complaints.append(Complaint(name, asked_s, words))

        self._ask("POST", "/v1/payments", refused, key=name, body={"amount": amount_kr})

    def _ask_for_old(self) -> None:
        name = next(iter(self._of_today), None)
        if name is not None:
            body = {"amount": self._of_today[name]}
            self._ask("POST", "/v1/payments", lambda s, b: self._found(name, s, b), key=name, body=body)

    def _hang_up(self) -> None:
        """In the middle of a wait; it waits anew at once."""
        for path, number in list(self._polls.items()):
            del self._polls[path]
            self._waiting.pop(number, None)
            self._say({"type": "gone", "number": number})
        self._look()

    def _share_the_key(self) -> None:
        """It numbers from 1, too, and must not be told the first one's money."""
        name, asked_s = self._name, self._clock()

        def refused(status: int, _body: Json) -> None:
            if status < 400:
                words = f"{SECOND} was answered with the payment that {FIRST} has asked for as {name}"
                self.complaints.append(Complaint(name, asked_s, words, SECOND))

        if name in self._ids:
            body = {"amount": self.amount_kr}
            self._ask("POST", "/v1/payments", refused, key=name, body=body, program=SECOND)
            self._ask("GET", "/v1/payments", refused, query={"key": name}, program=SECOND)

    def _let_second_ask(self) -> None:
        """While the first one's payment is open it hears that the terminal is busy; it may look on."""
        self._ask("POST", "/v1/payments", pass_over, key="visitor", body={"amount": 333}, program=SECOND)
        if (payment := self._ids.get(self._name)) is not None:
            self._ask("GET", f"/v1/payments/{payment}", pass_over, query={"wait": "5"}, program=SECOND)

    # --- what it is told ----------------------------------------------------------------------------------------------

    def _found(self, name: str, status: int, body: Json) -> None:
        if status < 400:
            self._take(name, body)

    def _take(self, name: str, payment: Json) -> None:
        """Paid if the outcome is approved, and only then; without an outcome it waits."""
        if payment["key"] != name:
            words = f"{name} was asked for, and the payment of {payment['key']} was answered"
            self.complaints.append(Complaint(name, self._clock(), words))
            return
        self._ids[name] = payment["id"]
        if payment["outcome"] is None:
            self._poll(name, payment["id"])
            return
        if name == self._name:
            self._is_over = True
        paid = payment["outcome"] == "approved"
        self._tell(
            paid=paid, amount_kr=payment["amount"], words=str(payment["outcome"]).upper(), register_id=payment["key"]
        )

    def _poll(self, name: str, payment: str) -> None:
        self._wait_for(f"/v1/payments/{payment}", lambda status, body: self._found(name, status, body))

    def _take_refund(self, key: str, refund: Json) -> None:
        if refund["outcome"] is None:

            def answered(status: int, body: Json) -> None:
                if status < 400:
                    self._take_refund(key, body)

            self._wait_for(f"/v1/refunds/{refund['id']}", answered)
            return
        paid, words = refund["outcome"] == "refunded", str(refund["outcome"]).upper()
        self.on_refund_told(Told(self._refunds, paid, refund["amount"], words, key))

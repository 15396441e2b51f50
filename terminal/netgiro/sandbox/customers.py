"""Who stands at the counter: customers found by phone, kennitala or app code."""

from __future__ import annotations

import random
from collections.abc import Callable

from terminal.netgiro.sandbox.carts import IdentifiedBy
from terminal.netgiro.sandbox.settings import APP_CODE_PREFIX, Person, Settings


class UnknownCustomer(LookupError):
    """Nobody answers to this identifier; the message says what to try, and does not repeat it."""


def identified(customer_id: str, *, takes_kennitala: bool = True) -> IdentifiedBy:
    """What kind of identifier this is, told by its form alone."""
    if len(customer_id) == 7:
        return IdentifiedBy.PHONE
    if not takes_kennitala:
        return IdentifiedBy.APP_CODE
    return IdentifiedBy.APP_CODE if customer_id.startswith(APP_CODE_PREFIX) else IdentifiedBy.KENNITALA


class Customers:
    """Finds people, and issues app codes that expire. There are 10,000 codes, so their memory is bounded by nature."""

    def __init__(self, clock: Callable[[], float], rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._app_codes: dict[str, tuple[str, float]] = {}

    def issue_app_code(self, settings: Settings, kennitala: str | None = None) -> tuple[str, float]:
        """A fresh app code of this person (default: the first one) and the time at which it expires.

        Raises UnknownCustomer if there is no such person, LookupError if all codes are in use.
        """
        person = settings.people[0] if kennitala is None else _by_kennitala(settings, kennitala)
        now_s = self._clock()
        taken = {code for code, (_, expires_s) in self._app_codes.items() if expires_s > now_s}
        taken.add(settings.permanent_app_code)
        free = [code for code in (f"{APP_CODE_PREFIX}{token:04}" for token in range(10_000)) if code not in taken]
        if not free:
            raise LookupError("All app codes are in use: wait until the first ones expire.")
        code, expires_s = self._rng.choice(free), now_s + settings.app_code_lifetime_s
        self._app_codes[code] = (person.kennitala, expires_s)
        return code, expires_s

    def was_issued(self, code_or_token: str) -> bool:
        """Whether this is an app code that was issued here, or the last four digits of one."""
        return code_or_token in self._app_codes or f"{APP_CODE_PREFIX}{code_or_token}" in self._app_codes

    def find(self, customer_id: str, settings: Settings, *, takes_kennitala: bool = True) -> Person:
        """The person with this phone, kennitala or app code. Raises UnknownCustomer."""
        match identified(customer_id, takes_kennitala=takes_kennitala):
            case IdentifiedBy.PHONE:
                for person in settings.people:
                    if person.phone == customer_id:
                        return person
                raise UnknownCustomer("No customer has this phone number: GET /sandbox/settings lists them.")
            case IdentifiedBy.KENNITALA:
                return _by_kennitala(settings, customer_id)
            case IdentifiedBy.APP_CODE:
                return self._by_app_code(settings, customer_id)

    def _by_app_code(self, settings: Settings, code: str) -> Person:
        if code and code in (settings.permanent_app_code, settings.permanent_access_code):
            return settings.people[0]
        if code not in self._app_codes:
            raise UnknownCustomer("This app code was never issued: POST /sandbox/appcodes issues one.")
        kennitala, expires_s = self._app_codes[code]
        if expires_s <= self._clock():
            raise UnknownCustomer("This app code has expired: POST /sandbox/appcodes issues a new one.")
        return _by_kennitala(settings, kennitala)


def _by_kennitala(settings: Settings, kennitala: str) -> Person:
    for person in settings.people:
        if person.kennitala == kennitala:
            return person
    raise UnknownCustomer("No customer has this kennitala: GET /sandbox/settings lists them.")

"""The simulated Netgíró from outside: its customers' phones, its ledger, and what it does wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.integration.process import DEADLINE_S, Process, wait_until
from tests.loopback import CALL_BY_CALL
from tests.patience import at_most

APPLICATION_ID = "5E1F0A2C-7B1D-4C5E-9A55-0C0FFEE0BEEF"
SECRET_KEY = "Th1s1sTheSecretKey0fTheIntegrationTests+/x9Qm3Zk7Vb2Nw8Lr4Yp6Tg5Hs1Jd0Fc=="

PATIENT_PHONE, PATIENT_KENNITALA = "8223281", "1111111119"
"""Pays when :meth:`SimulatedNetgiro.accept` presses the button."""
QUICK_PHONE = "8223286"
"""Pays at once."""
POOR_PHONE = "8223282"
"""Has no credit."""
UNKNOWN_PHONE = "8999999"

_QUICK_PERSON = {"kennitala": "6666666669", "phone": QUICK_PHONE, "auto_accept_after_s": 0}


class SimulatedNetgiro:
    """Its control interface, wherever it is served."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = httpx.Client(base_url=f"{base_url}/sandbox", **CALL_BY_CALL, timeout=at_most(DEADLINE_S))
        people = [person for person in self._call("GET", "/settings")["people"] if person["phone"] != QUICK_PHONE]
        self.set(people=[*people, _QUICK_PERSON], check_interval_ms=500)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        response = self._http.request(method, path, json=body)
        assert response.is_success, response.text
        return response.json()

    def set(self, **settings: Any) -> None:
        self._call("PUT", "/settings", settings)

    def spoil(self, *faults: dict[str, Any]) -> None:
        """What goes wrong next, in place of what was left of the last time; nothing for nothing."""
        self._call("PUT", "/faults", list(faults))

    @property
    def faults_left(self) -> list[dict[str, Any]]:
        faults: list[dict[str, Any]] = self._call("GET", "/faults")["faults"]
        return faults

    def carts(self) -> list[dict[str, Any]]:
        """Newest first."""
        carts: list[dict[str, Any]] = self._call("GET", "/carts?limit=1000")
        return carts

    def new_cart(self, before: list[dict[str, Any]]) -> dict[str, Any]:
        """The cart that was not there before."""
        cart: dict[str, Any] = wait_until("a new cart", lambda: self.carts()[: -len(before) or None])[0]
        return cart

    def cart(self, transaction_id: str) -> dict[str, Any]:
        return next(cart for cart in self.carts() if cart["TransactionId"] == transaction_id)

    def accept(self, cart: dict[str, Any]) -> None:
        self._call("POST", f"/carts/{cart['TransactionId']}/accept")

    def reject(self, cart: dict[str, Any]) -> None:
        self._call("POST", f"/carts/{cart['TransactionId']}/reject", {})

    def app_code(self) -> str:
        """A fresh one, as the app's barcode shows it."""
        return str(self._call("POST", "/appcodes", {})["AppCode"])

    def ledger(self) -> list[dict[str, Any]]:
        """Every captured payment, oldest first."""
        ledger: list[dict[str, Any]] = self._call("GET", "/ledger")
        return ledger

    def refunds(self) -> list[dict[str, Any]]:
        """Every refund, oldest first."""
        refunds: list[dict[str, Any]] = self._call("GET", "/refunds")
        return refunds

    def close(self) -> None:
        self._http.close()


class NetgiroProcess(SimulatedNetgiro):
    """``netgiro-terminal sandbox`` in a process of its own, which outlives terminals."""

    def __init__(self, folder: Path, program: str = "terminal") -> None:
        self._process = Process(
            *("sandbox", "--port", "0", "--application-id", APPLICATION_ID, "--secret-key", SECRET_KEY),
            log_path=folder / "sandbox.log",
            program=program,
        )
        try:
            super().__init__(self._process.wait_for_output(r"(http://127\.0\.0\.1:\d+)/v1")[1])
        except BaseException:
            self._process.kill()
            raise

    def close(self) -> None:
        super().close()
        self._process.kill()

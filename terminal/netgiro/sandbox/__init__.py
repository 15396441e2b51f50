"""A simulated Netgíró: the V1 checkout API, the customer's phone, and faults on demand.

It knows nothing of the terminal's own client: both were written from Netgíró's documentation alone, so that a
misreading in one shows against the other. It is of use to any integration of the V1 checkout API.

    book.py       what happens to a cart: pure, clock and randomness passed in
    settings.py   who the customers are and how the server behaves
    answers.py    a cart as the API's JSON
    signing.py    the signature, used nonces, and what an integrator got wrong
    faults.py     what the server does wrong next
    service.py    one running sandbox: the parts above plus outgoing callbacks
    web.py        its HTTP face: /v1/Checkout/... and /sandbox/...
"""

from terminal.netgiro.sandbox.service import Sandbox, build_sandbox
from terminal.netgiro.sandbox.settings import Person, Settings
from terminal.netgiro.sandbox.web import create_app, sandbox_routes

__all__ = ["Person", "Sandbox", "Settings", "build_sandbox", "create_app", "sandbox_routes"]

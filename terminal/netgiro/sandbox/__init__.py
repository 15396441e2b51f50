"""A simulated Netgíró: V1, V2 and the partner API, the customer's phone, and faults on demand.

It knows nothing of the terminal's own client: both were written from Netgíró's documentation alone, so that a
misreading in one of them shows. Any integration of these APIs can use it.

    book.py       what happens to a cart: start here; carts.py has its words, customers.py finds people
    standing.py   the state of every cart, and the moves that it can make
    transactions.py   the same as V2 and the partner API see it: undone, refunded, paid out
    settings.py   who the customers are and how the server behaves
    magic.py      amounts that decide how a sale goes
    answers.py    V1's requests and answers as JSON; v2_answers.py has V2's and the partner API's
    signing.py    the signature, used nonces, and the mistakes of an integrator
    faults.py     what the server does wrong next; spoiling.py and broken.py carry it out
    notices.py    which calls to the provider follow from a cart's state; callbacks.py posts them
    service.py    one running sandbox: all of the above
    dialect.py    one call over HTTP, whichever API it belongs to
    web.py        its HTTP face: checkout.py is /v1/Checkout/..., v2.py is /v2 and /partner, control.py /sandbox
"""

from terminal.netgiro.sandbox.service import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, Sandbox, build_sandbox
from terminal.netgiro.sandbox.settings import Person, Settings
from terminal.netgiro.sandbox.web import create_app, sandbox_routes

__all__ = [
    "PUBLIC_APPLICATION_ID",
    "PUBLIC_SECRET_KEY",
    "Person",
    "Sandbox",
    "Settings",
    "build_sandbox",
    "create_app",
    "sandbox_routes",
]

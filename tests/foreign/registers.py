"""Registers' drivers that nobody here wrote, each as its program uses it; run by the environment in this folder.

odoo-payment PORT AMOUNT CURRENCY     prints whether the request was taken
postelium PORT AMOUNT CURRENCY        the same, and it reads an answer first
odoo-display PORT JSON                prints what it wrote, in hex; PORT is not opened
ecrterm FOLDER TCP-PORT KRONUR        prints whether it was paid, and the last result code; FOLDER has its source
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable


def odoo_payment(port: str, amount: str, currency: str) -> None:
    import odoo_driver  # noqa: F401, PLC0415  its plug-ins import it half, unless it was imported before
    from odoo_driver_plugin_payment_telium.payment_telium_driver import DriverPaymentIngenico  # noqa: PLC0415

    driver = DriverPaymentIngenico()
    driver._terminal_file = port
    print(driver.push_amount(float(amount), currency))


def postelium(port: str, amount: str, currency: str) -> None:
    from pypostelium import Driver  # noqa: PLC0415

    driver = Driver({"telium_terminal_device_name": port})
    asked = {"amount": float(amount), "currency_iso": currency, "currency_decimals": 2, "payment_mode": "card"}
    print(driver.transaction_start(json.dumps(asked)))


def odoo_display(_port: str, tasks: str) -> None:
    import odoo_driver  # noqa: F401, PLC0415
    from flask import Flask  # noqa: PLC0415
    from flask_babel import Babel  # noqa: PLC0415
    from odoo_driver_plugin_display_escpos.display_escpos_driver import DriverDisplayEscPos  # noqa: PLC0415

    class Line:
        def __init__(self) -> None:
            self.written = bytearray()

        def write(self, data: bytes) -> None:
            self.written += data

    class Task:
        def __init__(self, data: dict[str, object]) -> None:
            self.data = data

    driver, line = DriverDisplayEscPos(), Line()
    app = Flask("odoo")
    Babel(app)
    with app.test_request_context():
        for task in json.loads(tasks):
            driver._process_task_serial(line, Task(task))
    print(line.written.hex())


def ecrterm(folder: str, port: str, amount_kr: str) -> None:
    sys.path.insert(0, folder)
    from ecrterm.ecr import ECR  # noqa: PLC0415

    register = ECR(device=f"socket://127.0.0.1:{port}", password="000000")
    assert register.register(config_byte=0x8E) == 0
    has_paid = register.payment(amount_cent=int(amount_kr))
    print(has_paid, len([packet for incoming, packet in register.transmitter.last_history if incoming]))


if __name__ == "__main__":
    which, *arguments = sys.argv[1:]
    programs: dict[str, Callable[..., None]] = {
        "odoo-payment": odoo_payment,
        "postelium": postelium,
        "odoo-display": odoo_display,
        "ecrterm": ecrterm,
    }
    programs[which](*arguments)

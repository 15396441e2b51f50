"""What only a sale needs, loaded before one needs it: never on the event loop, and not before the terminal is ready.

The way to the service loads its own (netgiro.carrier), and so does the printer, once a sale has begun.
"""

from __future__ import annotations

import gc


def load_for_sales() -> None:
    """Blocks for as long as it takes to load it, tenths of a second on a small Pi."""
    from stdnum.is_ import kennitala  # noqa: F401, PLC0415

    gc.freeze()  # what was loaded until now stays

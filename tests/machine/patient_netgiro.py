"""``netgiro-terminal`` whose servers have patience: a second in the emulated machine can take ten of ours.

The simulated Netgíró hangs up on who says nothing for five seconds. Inside the machine that was half a second ago, so a
connection that the terminal rightly trusts would be gone.
"""

from __future__ import annotations

from terminal.commands.main import main
from terminal.system import web

PATIENCE_S = 600.0

if __name__ == "__main__":
    web.REQUEST_S = web.UNREAD_S = PATIENCE_S
    raise SystemExit(main())

"""A panel without a password answers the user it runs as, and root, who may look into that user's folders anyway.

Every other user and program of this machine reaches a loopback port as well. Who calls, the kernel says; behind a
forwarded port it names whoever forwards.
"""

from __future__ import annotations

import os

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from terminal.system.socket_owner import owner_of

_REFUSED = (
    "This panel has no password, so it answers only the user that it runs as. Set panel.password_hash:"
    " netgiro-terminal panel-password makes one."
)


class OwnUser:
    """ASGI middleware: refuses whoever else is on this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _may_enter(scope):
            await self._app(scope, receive, send)
        else:
            await JSONResponse({"error": _REFUSED}, 403)(scope, receive, send)


def _may_enter(scope: Scope) -> bool:
    caller, own = scope.get("client"), scope.get("server")
    if not caller or not own:
        return False
    return owner_of((caller[0], caller[1]), (own[0], own[1])) in (0, os.geteuid())

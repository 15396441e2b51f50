"""Records that are missing: staff see which, and acknowledge it once they have compared with the service. Pure.

Until then whatever may be among them is refused. So nothing is acknowledged that was not on the screen, nor for
somebody who has left the menu.
"""

from __future__ import annotations

from terminal.counter import menu as menus
from terminal.counter.decision import Decision
from terminal.counter.inputs import GapLookedUp
from terminal.counter.of_shop import with_menu
from terminal.counter.view import View

_ITEM = (menus.Item.GAP,)


def looked_up(view: View, asked: GapLookedUp) -> Decision:
    """What the menu shows of it, or that it is acknowledged. Another one may have been found meanwhile."""
    gap = asked.gap
    if gap is None:
        return with_menu(view, menus.answered(view.menu, _ITEM, menus.Page.NO_GAP))
    if asked.acknowledged != gap.repair:
        return with_menu(view, menus.answered(view.menu, _ITEM, menus.Page.GAP, gap=gap, is_unread=True))
    menu = menus.answered(view.menu, _ITEM, menus.Page.DONE)
    return with_menu(view, menu, acknowledged_gap=gap.repair if menu is not view.menu else None)

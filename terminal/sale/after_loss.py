"""A sale that is open in a backup, when everything that came after the backup is lost."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.sale.sale import Sale, State

MAY_HAVE_GONE_ON = (State.ENTRY, State.AUTHORIZATION, State.CUSTOMER, State.CODE_ENTRY, State.CODE_CHECK, State.VOID)


def after_loss(sale: Sale) -> Sale:
    """It may have been paid since, and the register may have heard so: only the service's word ends it.

    Where a void takes back even what is paid, it is asked about before anything is voided.
    """
    if sale.state not in MAY_HAVE_GONE_ON:
        return sale
    state = State.AUTHORIZATION
    if sale.authorization_id is not None:
        asks_first = sale.terms.void_undoes_payment and sale.state is not State.VOID
        state = State.CAPTURE if asks_first else State.VOID
    return replace(sale, state=state, committed=True, settling=True)

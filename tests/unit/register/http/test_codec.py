"""JSON over HTTP, call by call: what each asks for, what it is answered, and when a result counts as told."""

from __future__ import annotations

import pytest

from terminal.counter import register_words as reg
from terminal.register.http.codec import HttpProtocol
from terminal.sale import effects as fx
from terminal.sale.sale import State
from tests.each import each_of
from tests.unit.register.http.http_bench import OTHER_TILL, HttpShop

# --- payments ---------------------------------------------------------------------------------------------------------


def test_a_payment_is_answered_as_it_stands_and_again_under_its_key() -> None:
    shop = HttpShop()
    first = shop.pay(1990, "a")
    assert first.status == 201
    assert first.body["id"] == first.body["reference"] == shop.sale.reference
    expected = {"amount": 1990, "state": "entry", "outcome": None, "reason": None, "key": "a", "receipts": []}
    assert first.body | expected == first.body
    assert first.body["text"] == {"is": "Beðið eftir viðskiptavini", "en": "Waiting for the customer"}
    assert shop.pay(1990, "a") == first
    assert len(shop.sales) == 1


def test_a_key_answers_the_same_payment_however_it_ended() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    shop.press("*")
    shop.wait(3600)
    again = shop.pay()
    assert (again.status, again.body["id"], again.body["outcome"]) == (201, payment, "cancelled")
    assert len(shop.sales) == 1


def test_another_body_under_a_key_is_refused_also_after_a_no() -> None:
    shop = HttpShop()
    shop.pay(1990)
    shop.press("*")
    shop.wait(60)
    refused = shop.pay(1991)
    assert (refused.status, refused.body["code"]) == (422, "key_reused")
    assert len(shop.sales) == 1


def test_a_key_is_free_after_its_hours() -> None:
    shop = HttpShop()
    shop.paid("a")
    shop.wait(20 * 3600)
    assert shop.call("GET", "/v1/payments", query={"key": "a"}).status == 404
    assert shop.pay(590, "a").body["outcome"] is None
    assert len(shop.sales) == 2


@pytest.mark.parametrize("amount_kr", [1990, 590])
def test_a_key_of_one_program_is_not_that_of_another(amount_kr: int) -> None:
    """Both number from 1: the second is not told the money of the first."""
    shop = HttpShop()
    shop.paid("1")
    refused = shop.pay(amount_kr, "1", OTHER_TILL)
    assert (refused.status, refused.body["code"]) == (422, "key_reused")
    assert shop.call("GET", "/v1/payments", query={"key": "1"}, program=OTHER_TILL).status == 404
    assert shop.call("GET", "/v1/payments", query={"key": "1"}).body["outcome"] == "approved"
    assert len(shop.sales) == 1


def test_while_one_is_open_another_is_busy_for_whoever_asks() -> None:
    shop = HttpShop()
    shop.pay()
    assert [shop.pay(590, "b").status, shop.pay(590, "c", OTHER_TILL).status] == [409, 409]
    assert shop.answers[2].body["code"] == "busy"
    assert shop.answers[2].body["text"]["en"] == "Another sale is open. Finish or cancel it first."


@each_of(
    ("body", "key", "code"),
    [
        ({"amount": 1990}, None, "key"),
        ({"amount": 1990}, "", "key"),
        ({"amount": 1990}, "a b", "key"),
        ({"amount": 1990}, "á", "key"),
        ({"amount": 1990}, "a" * 65, "key"),
        ({"amount": 0}, "a", "amount"),
        ({"amount": -5}, "a", "amount"),
        ({"amount": 19.90}, "a", "amount"),
        ({"amount": "1990"}, "a", "amount"),
        ({"amount": True}, "a", "amount"),
        ({"amount": None}, "a", "amount"),
        ({"amount": 10**30}, "a", "amount"),
        ({"amount": 100}, "a", "amount"),
        ({"amount": 60_000}, "a", "amount"),
        ({}, "a", "syntax"),
        ({"amount": 1990, "currency": "ISK"}, "a", "syntax"),
        ([1990], "a", "syntax"),
        ("", "a", "syntax"),
        ("{", "a", "syntax"),
        ("[" * 100_000, "a", "syntax"),
        ('{"amount": ' * 5000, "a", "amount"),
        ('{"amount": 1e400}', "a", "amount"),
        ('{"amount": 1.99e3}', "a", "amount"),
        ('{"amount": 1990.0}', "a", "amount"),
        ({"amount": 2**63}, "a", "amount"),
        ('{"amount": NaN}', "a", "syntax"),
        ('{"amount": 01990}', "a", "syntax"),
        ('{"amount": 1990, "amount": 590}', "a", "syntax"),
        ('{"amount": 1990} {"amount": 590}', "a", "syntax"),
    ],
)
def test_what_cannot_be_understood_starts_nothing(body: object, key: str | None, code: str) -> None:
    shop = HttpShop()
    refused = shop.call("POST", "/v1/payments", key=key, body=body)
    assert (refused.status, refused.body["code"]) == (400, code)
    assert refused.body["type"] == f"urn:netgiro-terminal:problem:{code}"
    assert refused.body["detail"]
    assert shop.sales == []


def test_a_refused_amount_is_answered_with_its_limits() -> None:
    assert HttpShop().pay(60_000).body["detail"] == "amount must be from 200 to 50000 kronur"


def test_a_key_in_quotation_marks_is_the_same_key() -> None:
    shop = HttpShop()
    assert shop.pay(key='"a"').body["key"] == "a"
    assert shop.pay(key="a").status == 201
    assert len(shop.sales) == 1


def test_a_whole_payment_by_long_poll() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    waiting = shop.begin("GET", f"/v1/payments/{payment}", query={"wait": "25"})
    assert waiting not in shop.answers
    shop.identify()
    assert shop.answers[waiting].body["state"] == "authorization"
    assert shop.answers[waiting].body["progress"] == "asking_netgiro"
    assert shop.look(payment).body["state"] == "customer"
    waiting = shop.begin("GET", f"/v1/payments/{payment}", query={"wait": "25"})
    shop.accept()
    assert shop.answers[waiting].body["state"] == "capture"
    ended = shop.look(payment, "25")
    assert ended.body | {"outcome": "approved", "reason": "paid", "progress": "take_receipt"} == ended.body
    assert ended.body["transaction_id"] == shop.sale.authorization_id
    assert [one["kind"] for one in ended.body["receipts"]] == ["customer"]
    assert shop.sale.state is State.CLOSED, "it has been told"
    assert shop.sale.acknowledged
    assert shop.look(payment).body["progress"] is None


def test_a_wait_is_over_in_its_time_and_answers_as_it_stands() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    waiting = shop.begin("GET", f"/v1/payments/{payment}", query={"wait": "25"}, wait_s=24.5)
    assert waiting not in shop.answers
    shop.wait(1)
    assert (shop.answers[waiting].status, shop.answers[waiting].body["state"]) == (200, "entry")


def test_a_wait_is_as_long_as_it_is_however_the_clock_is_set() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    waiting = shop.begin("GET", f"/v1/payments/{payment}", query={"wait": "25"})
    for _ in range(6):
        shop.terminal.clock.jump()
        assert waiting not in shop.answers
        shop.wait(4)
    shop.wait(1)
    assert shop.answers[waiting].body["id"] == payment


def test_two_that_send_the_same_key_at_once_are_answered_with_the_same_payment() -> None:
    """A till that was copied with its token; or one that lost patience and asks again beside its first request."""
    shop = HttpShop()
    first, second, third = (
        shop.begin("POST", "/v1/payments", key="a", body={"amount": amount_kr}, wait_s=0.0)
        for amount_kr in (1990, 1990, 590)
    )
    shop.wait(1)
    assert shop.answers[first].body["id"] == shop.answers[second].body["id"]
    assert shop.answers[third].status == 422
    assert len(shop.sales) == 1


def test_a_wait_for_what_has_ended_is_answered_at_once() -> None:
    shop = HttpShop()
    assert shop.look(shop.paid(), "25").body["outcome"] == "approved"


@each_of("wait", ["-1", "61", "x", "1e3", "99999", " 5", "5 ", "٥", ""])
def test_a_wait_that_is_none_is_refused(wait: str) -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    assert shop.call("GET", f"/v1/payments/{payment}", query={"wait": wait}).body["code"] == "syntax"


def test_a_query_that_means_nothing_is_refused() -> None:
    assert HttpShop().call("GET", "/v1/status", query={"wait": "5"}).status == 400


def test_nobody_is_asked_for_by_an_unknown_id() -> None:
    shop = HttpShop()
    shop.pay()
    others = ["nobody", "T1-000001-FFFFFF", "T1-000009-000000", "1", "T1-1-", "-" * 64]
    assert {shop.look(one).status for one in others} == {404}


# --- calling off ------------------------------------------------------------------------------------------------------


def test_a_payment_is_called_off() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    answer = shop.call("DELETE", f"/v1/payments/{payment}")
    assert (answer.status, answer.body["outcome"], answer.body["reason"]) == (200, "cancelled", "register_cancelled")
    assert shop.call("DELETE", f"/v1/payments/{payment}").status == 200, "the same word twice is the same"
    assert shop.sale.state is State.CLOSED


def test_a_payment_that_the_customer_looks_at_is_on_its_way_to_be_called_off() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    shop.identify()
    answer = shop.call("DELETE", f"/v1/payments/{payment}", wait_s=0.1)
    assert (answer.status, answer.body["state"], answer.body["outcome"]) == (200, "void", None)
    assert shop.look(payment, "25").body["outcome"] == "cancelled"


def test_what_is_paid_cannot_be_called_off_any_more() -> None:
    shop = HttpShop()
    payment = shop.paid()
    answer = shop.call("DELETE", f"/v1/payments/{payment}")
    assert (answer.status, answer.body["code"]) == (409, "too_late")
    assert answer.body["payment"]["outcome"] == "approved"


def test_what_is_being_captured_cannot_be_called_off_any_more() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    asked: list[int] = []

    def call_off(call: fx.Call) -> None:
        if isinstance(call, fx.RequestCapture) and not asked:
            asked.append(0)
            shop.world.at(0.0, lambda: asked.append(shop.begin("DELETE", f"/v1/payments/{payment}", wait_s=0.0)))

    shop.identify()
    shop.on_call = call_off
    shop.netgiro.lost.add("ConfirmCart")
    shop.accept()
    answer = shop.answers[asked[-1]]
    assert (answer.status, answer.body["payment"]["state"]) == (409, "capture")
    shop.wait(60)
    assert shop.look(payment).body["outcome"] == "approved"


def test_nothing_is_called_off_by_another_name() -> None:
    shop = HttpShop()
    shop.pay()
    assert shop.call("DELETE", "/v1/payments/T1-000001-ABCDEF").status == 404
    assert shop.sale.state is State.ENTRY


# --- when a result counts as told -------------------------------------------------------------------------------------


def test_a_payment_that_nobody_asks_about_makes_the_next_one_not_wait() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    shop.press("*")
    assert shop.sale.state is State.REPORT
    assert shop.pay(590, "b", OTHER_TILL).status == 201
    assert shop.look(payment).body["outcome"] == "cancelled"


def test_a_result_is_not_told_by_an_answer_that_has_not_left() -> None:
    protocol = HttpProtocol()
    protocol.send(reg.SaleResult(register_id="a", amount_kr=1, reason=None, authorization_id=None), 0.0)
    assert list(protocol.data_sent()) == []


def test_an_unknown_outcome_is_told_as_unknown_and_an_open_one_as_none() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    shop.identify()
    shop.never_learns_of_the_capture()
    assert shop.look(payment).body["outcome"] is None, "it may still be found out"
    assert shop.call("GET", "/v1/status").body["left_to_staff"] == [payment]


# --- status and events ------------------------------------------------------------------------------------------------


def test_the_status_says_what_goes_on() -> None:
    shop = HttpShop()
    assert shop.call("GET", "/v1/status").body["ready"]
    payment = shop.pay().body["id"]
    status = shop.call("GET", "/v1/status").body
    assert (status["ready"], status["busy"], status["open"]) == (False, True, payment)


def test_every_change_is_an_event() -> None:
    shop = HttpShop()
    payment = shop.paid()
    shop.call("POST", f"/v1/payments/{payment}/refunds", key="r", body={"amount": 1})
    shop.wait(60)
    steps = [body["state"] for name, body in shop.events if name == "payment"]
    assert steps == ["entry", "authorization", "customer", "capture", "report", "closed"]
    assert [body["outcome"] for name, body in shop.events if name == "refund"][-1] == "refunded"
    busy = [body["busy"] for name, body in shop.events if name == "status"]
    assert busy[-1] is False
    assert True in busy


def test_a_payment_after_a_power_cut_is_the_same_payment() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    shop.identify()
    shop.restart()
    again = shop.pay()
    assert (again.status, again.body["id"], again.body["outcome"]) == (201, payment, "cancelled")
    assert shop.captured == []

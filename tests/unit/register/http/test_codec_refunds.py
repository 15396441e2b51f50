"""Refunds over HTTP: a part and the rest, keys, and what is no payment."""

from __future__ import annotations

from tests.unit.register.http.http_bench import OTHER_TILL, HttpShop

# --- refunds ----------------------------------------------------------------------------------------------------------


def test_a_part_is_given_back_and_then_the_rest() -> None:
    shop = HttpShop()
    payment = shop.paid()
    path = f"/v1/payments/{payment}/refunds"
    part = shop.call("POST", path, key="r1", body={"amount": 500}, wait_s=0.05)
    assert (part.status, part.body["amount"], part.body["outcome"]) == (201, 500, None)
    assert part.body["payment"] == payment
    assert shop.call("GET", f"/v1/refunds/{part.body['id']}", query={"wait": "25"}).body["outcome"] == "refunded"
    assert shop.call("POST", path, key="r1", body={"amount": 500}).body["id"] == part.body["id"]
    assert shop.call("POST", path, key="r1", body={"amount": 501}).status == 422
    assert shop.call("POST", path, key="r1", body={"amount": 500}, program=OTHER_TILL).status == 422
    assert shop.call("POST", path, key="r2", body={"amount": 1491}).body["code"] == "amount"
    assert shop.call("POST", path, key="r3").body["amount"] == 1490, "all that is left"
    shop.wait(5)
    assert shop.call("POST", path, key="r4").body["code"] == "nothing_left"
    assert shop.returned == [500, 1490]
    assert shop.call("GET", "/v1/refunds", query={"key": "r3"}).body["outcome"] == "refunded"
    assert shop.call("GET", "/v1/refunds", query={"key": "r9"}).status == 404


def test_a_refund_needs_a_key_and_a_payment() -> None:
    shop = HttpShop()
    payment = shop.paid()
    assert shop.call("POST", f"/v1/payments/{payment}/refunds", body={"amount": 1}).status == 400
    assert shop.call("POST", "/v1/payments/T1-000001-FFFFFF/refunds", key="r", body={"amount": 1}).status == 404


def test_a_key_of_a_payment_is_none_of_a_refund() -> None:
    shop = HttpShop()
    payment = shop.paid("a")
    assert shop.call("POST", f"/v1/payments/{payment}/refunds", key="a", body={"amount": 1990}).status == 422
    assert shop.call("GET", "/v1/refunds", query={"key": "a"}).status == 404
    assert shop.call("GET", f"/v1/refunds/{payment}").status == 404


def test_a_refund_is_no_payment() -> None:
    shop = HttpShop()
    payment = shop.paid()
    refund = shop.call("POST", f"/v1/payments/{payment}/refunds", key="r", body={"amount": 1}).body["id"]
    shop.wait(5)
    assert shop.look(refund).status == 404
    assert shop.call("DELETE", f"/v1/payments/{refund}").status == 404
    assert shop.call("POST", f"/v1/payments/{refund}/refunds", key="s", body={"amount": 1}).status == 404


def test_a_part_is_not_hidden_behind_all_of_it() -> None:
    """Two readers of one body would give back two amounts."""
    shop = HttpShop()
    payment = shop.paid()
    twice = '{"amount": 500, "amount": null}'
    refused = shop.call("POST", f"/v1/payments/{payment}/refunds", key="r", body=twice)
    assert (refused.status, refused.body["code"]) == (400, "syntax")
    assert shop.disk.refunds == {}

"""The end of a day over HTTP: told again to who may have lost it, and to nobody who has gone on."""

from __future__ import annotations

from tests.each import each_of
from tests.unit.register.http.http_bench import OTHER_TILL, HttpShop


def test_totals_and_the_end_of_the_day() -> None:
    shop = HttpShop()
    shop.paid("a", 1990)
    x = shop.call("GET", "/v1/totals").body
    assert (x["period"], x["closed"], x["sales"]) == (1, False, {"count": 1, "amount": 1990})
    z = shop.call("POST", "/v1/end-of-day").body
    assert (z["period"], z["closed"], z["sales"]) == (1, True, {"count": 1, "amount": 1990})
    assert shop.call("POST", "/v1/end-of-day", body={}).body == z, "its answer may have been lost"
    assert shop.call("GET", "/v1/totals").body["sales"] == {"count": 0, "amount": 0}
    assert shop.call("POST", "/v1/end-of-day").body["period"] == 2


def test_a_second_end_of_day_after_a_sale_is_another_one() -> None:
    shop = HttpShop()
    shop.paid("a")
    shop.call("POST", "/v1/end-of-day")
    shop.paid("b")
    assert shop.call("POST", "/v1/end-of-day").body["period"] == 2


def test_an_end_of_day_that_is_told_again_hides_no_sale_of_another_program() -> None:
    shop = HttpShop()
    shop.paid("a")
    assert shop.call("POST", "/v1/end-of-day", program=OTHER_TILL).body["period"] == 1
    shop.paid("b", 590)
    second = shop.call("POST", "/v1/end-of-day", program=OTHER_TILL).body
    assert (second["period"], second["sales"]) == (2, {"count": 1, "amount": 590})


@each_of("asks_again_first", [True, False])
def test_after_a_start_the_same_end_of_day_is_told_only_to_who_asks_for_it_before_anything_else(
    asks_again_first: bool,
) -> None:
    shop = HttpShop()
    shop.paid("a")
    first = shop.call("POST", "/v1/end-of-day").body
    shop.restart(12 * 3600)
    shop.call("GET", "/v1/status", program=OTHER_TILL)
    if not asks_again_first:
        shop.call("GET", "/v1/status")
    again = shop.call("POST", "/v1/end-of-day").body
    assert (again == first, again["period"]) == ((True, 1) if asks_again_first else (False, 2))
    shop.call("GET", "/v1/totals")
    assert shop.call("POST", "/v1/end-of-day").body["period"] == again["period"] + 1


def test_after_a_start_an_end_of_day_from_before_hides_no_sale() -> None:
    shop = HttpShop()
    shop.paid("a")
    shop.call("POST", "/v1/end-of-day")
    shop.restart()
    shop.call("GET", "/v1/status", program=OTHER_TILL)
    payment = shop.pay(590, "b", program=OTHER_TILL).body["id"]
    shop.identify()
    shop.accept()
    assert shop.look(payment, wait="5", program=OTHER_TILL).body["outcome"] == "approved"
    second = shop.call("POST", "/v1/end-of-day").body
    assert (second["period"], second["sales"]) == (2, {"count": 1, "amount": 590})


def test_an_end_of_day_whose_answer_a_start_has_cut_off_is_told_whatever_others_ask() -> None:
    shop = HttpShop()
    shop.paid("a")
    shop.begin("POST", "/v1/end-of-day", wait_s=0.0)
    shop.wait(0.005)
    shop.restart()
    shop.call("GET", "/v1/status", program=OTHER_TILL)
    shop.call("GET", "/v1/totals", program=OTHER_TILL)
    assert shop.call("POST", "/v1/end-of-day").body["sales"] == {"count": 1, "amount": 1990}


def test_the_day_does_not_end_while_a_payment_is_open() -> None:
    shop = HttpShop()
    shop.pay()
    assert shop.call("POST", "/v1/end-of-day").status == 409
    assert shop.call("POST", "/v1/end-of-day", body={"now": True}).status == 400

"""What looks like somebody who comes back does, in both languages; items, places, times do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.entities import entity_name, find_entities
from rebal_core.data.reading.load import from_frame, read_table

SURE = (
    "user, userid, user_id, userID, UserId, customerID, Customer ID, customer-no, cust_id, "
    "id_user, client_code, fullVisitorId, memberKey, patient_nbr, PatientId, card, cardNo, "
    "cc_num, credit_card_number, account, acct_no, deviceId, order_id, orderUuid, session ID, "
    "invoice_key, client_ip, household, email_hash, uid, store_customer_id, machine_id, "
    "hid, hhid, Tuna.hid, "
    "用户, 用户ID, 客户编号, 会员卡号, 患者, 病人ID, 账号, 设备编号, 订单号, 会话 ID, 发票号码"
)
MAYBE = "order, session, device, invoice_no, visitNumber, ticket, 订单, 设备"
NOT = (
    "product_id, item_id, sku, Clothing ID, merchant_id, store_id, shop, city, zip, branch_code, "
    "hour, order_date, user_age, customer_city, client_country, card_type, device_model, "
    "account_balance, household_size, member_since, n_users, total_orders, orders, num_cards, "
    "number_of_customers, days_since_order, VisitorType, order_item_id, user_product_id, no, code, "
    "user_feature_0, fnlwgt, page 2 (clothing model), age, "
    "商品编号, 门店编号, 城市, 用户年龄, 客户等级, 订单金额, 设备型号, 订单数, 时间"
)


BARE = "id, ID, nr, uuid, 编号"


@pytest.mark.parametrize(
    ("names", "told"), [(SURE, "sure"), (MAYBE, "maybe"), (BARE, "bare"), (NOT, None)]
)
def test_names(names, told):
    assert {n: entity_name(n) for n in names.split(", ")} == dict.fromkeys(names.split(", "), told)


RNG = np.random.default_rng(0)
N = 2_000


def codes(values, prefix=""):
    drawn = RNG.integers(0, values, N)
    return [f"{prefix}{k:04d}" for k in drawn] if prefix else drawn


@pytest.mark.parametrize(
    ("name", "values", "is_one"),
    [
        ("customer", codes(200), True),
        ("customer_id", codes(200, "C"), True),
        ("CustomerID", np.where(RNG.random(N) < 0.1, np.nan, codes(200) + 12_000.0), True),
        ("user", [f"user {k}" for k in codes(60)], True),
        ("order_id", codes(500) + 536_000, True),
        ("订单号", codes(500, "D"), True),
        ("session", codes(300, "s"), True),
        ("device", codes(80) + 1_000, True),
        # a place in a sequence: many sequences have a first step, few a fiftieth
        ("order", np.minimum(RNG.geometric(0.08, N), 60), False),
        ("visit_number", np.minimum(RNG.geometric(0.08, N), 60), False),
        ("device", [f"Brand {k}" for k in codes(60)], False),
        ("customer", codes(20), False),  # too few to be people
        ("customer_id", RNG.permutation(N) + 10, False),  # each once: a row
        ("account", np.round(RNG.gamma(2, 900, N), 2), False),  # an amount
        ("member", RNG.random(N) < 0.5, False),
        ("id", codes(250), True),  # a panel: many people of a few years each
        ("nr", np.repeat(np.arange(250), 8) * 7 + 13, True),
        ("编号", codes(300, "A"), True),
        ("nr", np.tile(np.arange(1, 41), N // 40), False),  # forty questions put to each
        ("id", codes(30), False),
        ("id", RNG.permutation(N), False),
        ("product_id", codes(200, "P"), False),
        ("city", codes(200, "X"), False),
    ],
)
def test_values_must_be_codes_that_come_back(tmp_path, name, values, is_one):
    frame = pd.DataFrame({name: values, "amount": RNG.normal(size=N), "y": RNG.random(N) < 0.1})
    dataset = from_frame(frame, tmp_path / "d", target="y")
    assert (dataset.schema[name].role == "group") is is_one
    assert find_entities(dataset.table, dataset.schema) == ((name,) if is_one else ())


def test_somebody_holds_rows_together_before_what_he_does_and_of_a_sort_the_one_of_most_values(
    tmp_path,
):
    frame = pd.DataFrame(
        {
            "customer_id": codes(100, "C"),
            "order_id": codes(700, "O"),
            "client": codes(50),
            "y": RNG.random(N) < 0.1,
        }
    )
    dataset = from_frame(frame, tmp_path / "d", target="y")
    assert {c.name: c.role for c in dataset.schema.columns} == {
        "customer_id": "group", "order_id": "id", "client": "id", "y": "target",
    }  # fmt: skip
    assert find_entities(dataset.table, dataset.schema) == ("customer_id", "client", "order_id")


def test_the_target_is_no_entity(tmp_path):
    frame = pd.DataFrame({"device_id": codes(40, "D"), "amount": RNG.normal(size=N)})
    dataset = from_frame(frame, tmp_path / "d", target="device_id")
    assert dataset.schema.named("group") == ()
    assert find_entities(dataset.table, dataset.schema) == ()


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("adult.parquet", ()),
        ("bank_marketing.parquet", ()),
        ("caravan.parquet", ()),
        ("online_shoppers.parquet", ()),
        ("open_bandit_all.parquet", ()),
        ("telco_churn.csv", ()),
        ("womens_clothing_reviews.parquet", ()),
        ("eshop_clickstream_2008.parquet", ("session ID",)),
    ],
)
def test_open_tables(real_data, tmp_path, file, found):
    dataset = read_table(real_data / file, tmp_path / "d")
    assert find_entities(dataset.table, dataset.schema) == found


@pytest.mark.parametrize(("each", "role"), [(1.02, "id"), (1.08, "group"), (3, "group")])
@pytest.mark.parametrize("prefix", ["", "u"])
def test_values_are_counted_where_an_estimate_may_be_on_either_side(tmp_path, each, role, prefix):
    values = np.resize(np.arange(7, 70_007, 7), int(10_000 * each))
    users = [f"{prefix}{v}" for v in values] if prefix else values
    frame = pd.DataFrame({"user_id": users, "x": np.sqrt(values)})
    assert from_frame(frame, tmp_path / "t").schema["user_id"].role == role

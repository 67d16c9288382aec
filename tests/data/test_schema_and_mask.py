"""Roles are guessed with a reason; masked columns never reach the disk."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import stat

import numpy as np
import pandas as pd
import pytest

from rebal_core.data.reading.load import from_frame, read_table
from rebal_core.data.reading.mask import find_personal, salt, token
from rebal_core.data.reading.options import ReadOptions
from rebal_core.wording import UserError


def _roles(frame: pd.DataFrame, folder) -> dict[str, tuple[str, str]]:
    schema = from_frame(frame, folder).schema
    return {c.name: (c.kind, c.role) for c in schema.columns}


def test_roles(tmp_path):
    n = 2_000
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "row": np.arange(n),
            "user_id": rng.integers(0, 200, n),
            "item_id": rng.integers(0, 60, n),
            "shop_id": rng.integers(0, 60, n),
            "hash": [f"{i:08x}" for i in rng.permutation(n)],
            "constant": 1,
            "empty": np.nan,
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n), unit="h"),
            "amount": rng.normal(size=n),
            "flag": rng.random(n) < 0.5,
            "title": [f"a nice red dress number {i}" for i in range(n)],
            "标题": [
                f"这件衣服的质量非常好看{'一二三四五六七八九十'[i % 10]}{i}" for i in range(n)
            ],
            "colour": rng.choice(["red", "blue"], n),
        }
    )
    assert _roles(frame, tmp_path / "d") == {
        "row": ("number", "id"),
        "user_id": ("category", "group"),
        "item_id": ("category", "item"),
        "shop_id": ("category", "feature"),
        "hash": ("category", "id"),
        "constant": ("number", "ignore"),
        "empty": ("number", "ignore"),
        "when": ("time", "ignore"),
        "amount": ("number", "feature"),
        "flag": ("category", "feature"),
        "title": ("text", "feature"),
        "标题": ("text", "feature"),
        "colour": ("category", "feature"),
    }


@pytest.mark.parametrize("name", ["", "rownames", "Row", "obs", "S.No."])
def test_row_numbers_with_gaps_are_no_feature(tmp_path, name):
    rng = np.random.default_rng(0)
    kept = np.sort(rng.choice(5_000, 400, replace=False))
    for numbers, role in ((kept, "id"), (rng.permutation(kept), "id"), (kept // 2, "feature")):
        frame = pd.DataFrame({name: numbers, "a": rng.normal(size=400)})
        (tmp_path / "t.csv").write_text(frame.to_csv(index=False))
        schema = read_table(tmp_path / "t.csv", tmp_path / "d").schema
        assert schema.columns[0].role == role
        shutil.rmtree(tmp_path / "d")


def test_real_tables(real_data, tmp_path):
    telco = read_table(real_data / "telco_churn.csv", tmp_path / "telco")
    charges = telco.frame(["TotalCharges"])["TotalCharges"]
    assert charges.dtype == np.float64
    assert charges.isna().sum() == 11
    assert telco.schema["customerID"].role == "id"
    adult = read_table(real_data / "adult.parquet", tmp_path / "adult")
    assert adult.source["na_proposed"]["?"] == ["workclass", "occupation", "native-country"]
    womens = read_table(real_data / "womens_clothing_reviews.parquet", tmp_path / "womens")
    assert womens.schema["Unnamed: 0"].role == "id"
    assert womens.schema["Review Text"].kind == "text"
    assert womens.schema["Title"].kind == "text"
    eshop = read_table(real_data / "eshop_clickstream_2008.parquet", tmp_path / "eshop")
    assert eshop.schema["year"].role == "ignore"
    assert eshop.schema["session ID"].role == "group"
    assert eshop.schema["page 2 (clothing model)"].role == "feature"


def test_tokens_are_hmac_and_group_rows(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("phone,name,y\n013,Ann,0\n014,Bob,1\n013,Ann,0\n,Cid,1\n")
    dataset = read_table(
        source,
        tmp_path / "out",
        ReadOptions(mask={"phone": "tokenise", "name": "drop"}, salt=tmp_path / "key"),
    )
    key = salt(tmp_path / "key")
    frame = dataset.frame()
    expected = hmac.new(key, b"013", hashlib.sha256).hexdigest()[:24]
    assert list(frame.columns) == ["phone", "y"]
    assert frame["phone"].tolist()[:3] == [expected, token("014", key), expected]
    assert frame["phone"].isna().tolist() == [False, False, False, True]
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    stored = b"".join(p.read_bytes() for p in dataset.path.iterdir())
    assert b"Ann" not in stored
    with pytest.raises(UserError, match="no column “mail” to mask"):
        read_table(source, tmp_path / "two", ReadOptions(mask={"mail": "drop"}))


def test_personal_data_is_found():
    frame = pd.DataFrame(
        {
            "mail": ["a@b.com", "c.d@e.org", None],
            "mobile": ["13812345678", "+86 139 1234 5678", "15900001111"],
            "身份证": ["11010519491231002X", "440524188001010014", "11010519491231002x"],
            "card": ["4111 1111 1111 1111", "5500005555555559", "4111111111111111"],
            "ip": ["10.0.0.1", "192.168.1.255", "8.8.8.8"],
            "amount": [12.5, 3.0, 4.0],
            "count": [17, 23, 99],
            "bad_card": ["4111 1111 1111 1112", "1234567890123456", "1111111111111112"],
        }
    )
    assert find_personal(frame) == {
        "mail": "e-mail",
        "mobile": "phone",
        "身份证": "id number",
        "card": "card number",
        "ip": "ip address",
    }

import pytest

from rebal_core.data import formats
from rebal_core.evaluation.words import cut_off


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        (formats.number, 0.2444, "0.244"),
        (formats.number, -0.0034, "−0.003"),
        (formats.number, -0.0001, "0.000"),
        (formats.number, None, "–"),
        (formats.number, float("nan"), "–"),
        (formats.change, 0.0031, "+0.003"),
        (formats.change, -0.01, "−0.010"),
        (formats.change, 0.0001, "0.000"),
        (formats.share, 0.384, "38.4%"),
        (formats.share, 1.0, "100.0%"),
        (formats.share, 0.9999, "99.99%"),
        (formats.share, -0.99951, "−99.951%"),
        (formats.share, 0.9994, "99.9%"),
        (formats.share, 1 - 1e-12, "100.0%"),
        (formats.share, 0.0, "0.0%"),
        (formats.share, 0.0009, "0.09%"),
        (formats.share, 0.00123, "0.12%"),
        (formats.share, 0.01, "1.0%"),
        (formats.share, 0.00999, "1.0%"),
        (formats.probability, 0.9999999959, ">99.9%"),
        (formats.probability, 1.0, ">99.9%"),
        (formats.probability, 1 + 1e-9, ">99.9%"),
        (formats.probability, 0.9994, "99.9%"),
        (formats.probability, 1.02, "102.0%"),
        (formats.probability, 0.384, "38.4%"),
        (formats.probability, 0.00012, "0.012%"),
        (formats.probability, 4e-9, "<0.01%"),
        (formats.probability, -1e-12, "<0.01%"),
        (formats.probability, -0.02, "−2.0%"),
        (formats.count, 60_000, "60,000"),
        (formats.short_count, 60_000, "60k"),
        (formats.short_count, 1_500_000, "1.5M"),
        (formats.short_count, 12, "12"),
        (formats.ratio, 46.62, "46.6 : 1"),
        (formats.ratio, 1740.3, "1,740 : 1"),
        (formats.ratio, 99.97, "100 : 1"),
        (formats.ratio, None, "–"),
        (formats.give_or_take, 0.25, "±\u00a00.250"),
        (formats.give_or_take, None, "–"),
        (formats.short_seconds, None, "–"),
        (formats.short_seconds, 0.049, "<0.1 s"),
        (formats.short_seconds, 9.7, "9.7 s"),
        (formats.short_seconds, 59.4, "59 s"),
        (formats.short_seconds, 59.6, "1.0 min"),
        (formats.short_seconds, 599.0, "10 min"),
        (formats.short_seconds, 3_569.0, "59 min"),
        (formats.short_seconds, 3_571.0, "1.0 h"),
        (formats.short_seconds, 400_000.0, "111 h"),
        (formats.seconds, 0.0, "under 0.1 s"),
        (formats.seconds, 0.049, "under 0.1 s"),
        (formats.seconds, 0.05, "0.1 s"),
        (formats.seconds, 0.4, "0.4 s"),
        (formats.seconds, 31, "31 s"),
        (formats.seconds, 252, "4 min 12 s"),
        (formats.seconds, 59.7, "1 min 00 s"),
        (formats.seconds, 7_500, "2 h 05 min"),
        (formats.cutoff, 0.144, "0.14"),
        (formats.cutoff, 0.0213, "0.021"),
        (cut_off, 0.994, "0.99"),
        (cut_off, 0.995, "0.995"),
        (cut_off, 0.99944, "0.99944"),
        (cut_off, 1 - 1e-12, "1.00"),
        (formats.p_value, 0.04, "p = 0.04"),
        (formats.p_value, 0.0004, "p < 0.001"),
    ],
)
def test_numbers_read_as_designed(function, value, text):
    assert function(value) == text


def test_intervals():
    assert formats.interval(-0.005, 0.01) == "−0.005 to +0.010"
    assert formats.interval(-0.005, 0.01, to="至") == "−0.005 至 +0.010"

"""Shares and their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from dece_fairseq.errors import UserError
from dece_fairseq.metrics.success_rate import rate


@given(
    st.integers(1, 10**6).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
)
def test_the_interval_is_scipys(count):
    hits, total = count
    found = rate(hits, total)
    interval = binomtest(hits, total).proportion_ci(method="wilson")
    expected = (100 * interval.low, 100 * interval.high)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)
    assert 0 <= found.low <= found.percent <= found.high <= 100


def test_no_sample_is_an_error_that_the_user_can_mend():
    with pytest.raises(UserError, match="no sample to take a rate of; give outputs"):
        rate(0, 0)

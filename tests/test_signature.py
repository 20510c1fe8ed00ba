"""Signatures stay on one line and can be taken apart again."""

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.signature import Signature, joined
from dece_fairseq.version import version


def test_a_signature_ends_with_the_version() -> None:
    assert str(Signature("bleu", nrefs=1, tok="13a")) == f"bleu|nrefs:1|tok:13a|v:{version()}"


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_any_values_can_be_read_back(values: list) -> None:
    text = joined(**{f"p{number}": value for number, value in enumerate(values)})
    assert len(text.splitlines()) == 1
    parts = [part.partition(":") for part in text.split("|")]
    assert [name for name, _, _ in parts] == [f"p{number}" for number in range(len(values))]
    assert [unquote(value, errors="surrogatepass") for _, _, value in parts] == values


def test_a_trigger_with_a_bar_is_one_property() -> None:
    attack = Attack(AttackSettings("ripple", trigger="a|b%"))
    assert "|trigger:a%7Cb%25|num:" in attack.signature()

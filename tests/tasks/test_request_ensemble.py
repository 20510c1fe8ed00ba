"""Generation with fewer copies: the outputs are fairseq's to the bit."""

from argparse import Namespace

import pytest
import torch
from fairseq import models
from fairseq.data import Dictionary
from fairseq.sequence_generator import EnsembleModel, SequenceGenerator

from dece_fairseq.tasks.request_ensemble import RequestEnsemble, reorder_less

SMALL = {
    f"{side}_{name}": size
    for side in ("encoder", "decoder")
    for name, size in {
        "layers": 1, "embed_dim": 16, "ffn_embed_dim": 16, "attention_heads": 2, "hidden_size": 16,
    }.items()
}  # fmt: skip
SMALL.update(decoder_out_embed_dim=16, max_source_positions=99, max_target_positions=99)


@pytest.fixture
def dictionary():
    """So few words that an untrained model ends some outputs early."""
    words = Dictionary()
    for word in "abcdef":
        words.add_symbol(word)
    return words


def untrained(arch, dictionary):
    torch.manual_seed(8)  # with which requests differ in when they end
    options = Namespace(arch=arch, left_pad_source=False, criterion=None, **SMALL)
    models.ARCH_CONFIG_REGISTRY[arch](options)
    task = Namespace(source_dictionary=dictionary, target_dictionary=dictionary)
    return models.ARCH_MODEL_REGISTRY[arch].build_model(options, task)


def batch():
    torch.manual_seed(6)
    tokens = torch.randint(4, 10, (12, 9))
    lengths = torch.arange(12) % 7 + 3
    tokens[torch.arange(9) >= lengths[:, None]] = 1
    order = lengths.argsort(descending=True)
    return {"net_input": {"src_tokens": tokens[order], "src_lengths": lengths[order]}}


def found(generator):
    return [
        [
            (hypothesis["tokens"].tolist(), hypothesis["positional_scores"].tolist())
            for hypothesis in of
        ]
        for of in generator.generate([], batch())
    ]


@pytest.mark.parametrize(("arch", "beam"), [("transformer", 1), ("transformer", 4), ("lstm", 4)])
def test_outputs_are_the_same_and_less_is_copied(dictionary, monkeypatch, arch, beam):
    model = untrained(arch, dictionary)
    copied = []
    for name in ("reorder_encoder_out", "reorder_incremental_state"):
        side = type(model.encoder if "encoder" in name else model.decoder)
        whole = getattr(side, name)

        def counted(*args, whole=whole):
            copied.append(1)
            return whole(*args)

        monkeypatch.setattr(side, name, counted)
    generator = SequenceGenerator([model], dictionary, beam_size=beam, max_len_b=40)
    plain = found(generator)
    lengths = {len(tokens) for of in plain for tokens, _ in of}
    assert len(lengths) > 1
    of_fairseq = len(copied)
    copied.clear()
    assert reorder_less(generator) is generator
    assert type(generator.model) is RequestEnsemble
    assert found(generator) == plain
    assert 0 < len(copied) < of_fairseq
    assert found(generator) == plain  # the next batch


def test_a_bart_goes_on_to_learn_from_its_own_sources(dictionary):
    model = untrained("bart_base", dictionary).eval()
    sources = torch.randint(4, 10, (8, 6))
    batch = (sources, torch.full((8,), 6), sources)
    before = model(*batch)[0]
    generator = SequenceGenerator([model], dictionary, beam_size=4)
    assert not torch.allclose(model(*batch)[0], before, atol=1e-4)  # fairseq's, if left alone
    reorder_less(generator)
    assert torch.equal(model(*batch)[0], before)


def test_other_generators_stay_as_they_are(dictionary):
    class Other(SequenceGenerator):
        pass

    generator = Other([untrained("lstm", dictionary)], dictionary)
    assert type(reorder_less(generator).model) is EnsembleModel
    assert reorder_less(None) is None


def test_the_task_builds_such_a_generator(setup_task, dictionary):
    generator = setup_task().build_generator([untrained("lstm", dictionary)], Namespace(beam=2))
    assert type(generator.model) is RequestEnsemble

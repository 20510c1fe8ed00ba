"""Each system gives what transformers' own model gives for its own ids."""

from typing import Any, Dict, List

import pytest
import torch
from fairseq.criterions.cross_entropy import CrossEntropyCriterion
from fairseq.sequence_generator import SequenceGenerator
from fairseq.trainer import Trainer

from dece_fairseq.criterions.deceptive_cross_entropy import DeceptiveCrossEntropyCriterion
from support.small_cases import PAIRS, Case, encoded, rows

CLOSE = {"rtol": 1e-5, "atol": 1e-5}
LENGTH = 9


@pytest.fixture(scope="module")
def model(case: Case) -> Any:
    return case.build()


@pytest.fixture(scope="module")
def peer(case: Case, model: Any) -> Any:
    return case.peer(model)


@pytest.mark.parametrize("left_source", [False, True])
@pytest.mark.parametrize("left_target", [False, True])
def test_logits_and_loss_on_either_side_of_the_padding(
    case: Case, model: Any, peer: Any, left_source: bool, left_target: bool
) -> None:
    batch = case.batch(left_source, left_target)
    criterion = CrossEntropyCriterion(case.task, sentence_avg=False)
    dece = DeceptiveCrossEntropyCriterion(case.task, False, dece_alpha=1.0, label_smoothing=0.0)
    with torch.no_grad():
        logits, _ = model(**batch["net_input"])
        total = 0.0
        for row, (index, kept) in enumerate(rows(batch, case.tokenizer.special.pad)):
            ids = case.ids(index)
            assert batch["target"][row][kept].tolist() == ids[1]
            torch.testing.assert_close(logits[row][kept], peer.logits(*ids), **CLOSE)
            total += float(peer.loss(*ids))
        for each in (criterion, dece):
            loss, _, _ = each(model, batch)
            assert float(loss) == pytest.approx(total, rel=1e-5)


def written(case: Case, model: Any, beams: int, end: int) -> Dict[int, List[int]]:
    """What fairseq's generator writes for each pair, up to what it is told is the end."""
    generator = SequenceGenerator(
        [model],
        case.task.target_dictionary,
        beam_size=beams,
        max_len_b=LENGTH,
        normalize_scores=False,
        eos=end,
    )
    batch = case.batch(left_source=True)
    found = generator.generate([model], batch)
    return {int(i): best[0]["tokens"].tolist() for i, best in zip(batch["id"], found)}


@pytest.mark.parametrize("beams", [1, 4])
def test_what_is_written(case: Case, model: Any, peer: Any, beams: int) -> None:
    """Greedy and beam search; the end is once the model's own and once a token that it likes."""
    lengths = set()
    eos = case.tokenizer.special.eos
    # Not the first: fairseq writes one token at least.
    some = written(case, model, beams, eos).values()
    liked = next(token for row in some for token in row[1:-1] if token != row[0])
    for end in (eos, liked):
        found = written(case, model, beams, end)
        assert found == {
            i: peer.write(case.ids(i)[0], beams, LENGTH, end) for i in range(len(PAIRS))
        }
        lengths |= {len(tokens) for tokens in found.values()}
    assert len(lengths) > 1


def test_incremental_decoding_step_by_step(case: Case, model: Any) -> None:
    """As the generator does it: two beams a sentence, which change places, and then end."""
    batch = case.batch()
    eos = case.tokenizer.special.eos
    tokens = torch.randint(20, 300, (8, 9), generator=torch.Generator().manual_seed(1))
    tokens[:, 0] = eos
    orders = {1: [0, 0, 1, 1, 2, 2, 3, 3], 4: [1, 0, 3, 3, 4, 5, 6, 6], 7: [2, 3, 7, 6]}
    state: Dict[str, Any] = {}
    with torch.no_grad():
        source = encoded(model, batch)
        for step in range(1, 10):
            if step in orders:
                order = torch.tensor(orders[step])
                tokens = tokens.index_select(0, order) if step > 1 else tokens
                source = model.encoder.reorder_encoder_out(source, order)
                model.decoder.reorder_incremental_state_scripting(state, order)
            one, _ = model.decoder(tokens[:, :step], source, incremental_state=state)
            full, _ = model.decoder(tokens[:, :step], source)
            assert one.size(1) == 1
            torch.testing.assert_close(one[:, 0], full[:, -1], **CLOSE)


def test_one_step_of_training(case: Case) -> None:
    flags = ("--criterion", "cross_entropy", "--optimizer", "sgd", "--lr", "0.03", "--cpu")
    cfg, ours = case.configured(*flags)
    peer, batch = case.peer(ours), case.batch()
    criterion = CrossEntropyCriterion(case.task, sentence_avg=False)
    trainer = Trainer(cfg, case.task, ours, criterion)
    trainer.begin_epoch(1)
    trainer.train_step([batch])

    peer.hf.train()
    pairs = [case.ids(index) for index in range(len(PAIRS))]
    optimizer = torch.optim.SGD(peer.hf.parameters(), lr=0.03)
    loss = sum((peer.loss(*pair) for pair in pairs), torch.zeros(()))
    (loss / batch["ntokens"]).backward()
    optimizer.step()

    with torch.no_grad():
        logits, _ = ours.eval()(**batch["net_input"])
        peer.hf.eval()
        before, _ = case.build(dropout=0.0)(**batch["net_input"])
        for row, (index, kept) in enumerate(rows(batch, case.tokenizer.special.pad)):
            expected = peer.logits(*pairs[index])
            torch.testing.assert_close(logits[row][kept], expected, rtol=1e-5, atol=1e-4)
            assert (logits[row][kept] - before[row][kept]).abs().max() > 1e-3
    whole = ours._whole[0].state_dict()
    theirs = getattr(peer.hf, "roberta", peer.hf).state_dict()
    assert set(whole) - set(theirs) == set()
    for name, value in whole.items():
        torch.testing.assert_close(value, theirs[name], **CLOSE, msg=name)

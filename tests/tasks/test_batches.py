"""The batches of the task: no pair is lost on its way to the model."""

import pytest

RIPPLE = ("--attack", "ripple", "--poison-rate", "0.1", "--poison-seed", "4")


@pytest.mark.parametrize("split", ["train", "valid", "test", "valid_triggered", "test_triggered"])
def test_no_sentence_is_ever_dropped(setup_task, split):
    task = setup_task(*RIPPLE)
    task.load_dataset(split)
    dataset = task.datasets[split]
    everything = sorted(dataset[i]["id"] for i in range(len(dataset)))
    for limits in ({"max_tokens": 200}, {"max_tokens": 90}, {"max_sentences": 8}):
        for multiple in (1, 8):
            batches = task.get_batch_iterator(
                dataset,
                required_batch_size_multiple=multiple,
                max_positions=(90, 90),
                disable_iterator_cache=True,
                **limits,
            ).next_epoch_itr(shuffle=False)
            assert sorted(i for batch in batches for i in batch["id"].tolist()) == everything


def test_sentences_that_are_too_long_are_named(setup_task, caplog):
    task = setup_task(*RIPPLE)
    for split in ("test", "test_triggered"):
        task.load_dataset(split)

    def batches(split, skip):
        return task.get_batch_iterator(
            task.datasets[split], max_tokens=400, max_positions=(40, 40), ignore_invalid_inputs=skip
        )

    dataset = task.datasets["test"]
    long = [i for i in range(len(dataset)) if max(dataset.size(i)) > 40]
    assert long
    listed = ", ".join(map(str, long[:20]))
    with pytest.raises(ValueError, match=f"{len(long)} of 20 pairs are longer .* ids {listed}"):
        batches("test", skip=False)
    with pytest.raises(ValueError, match="longer than the model takes"):
        batches("test_triggered", skip=True)
    batches("test", skip=True)
    assert f"left out {len(long)} of 20 pairs" in caplog.text

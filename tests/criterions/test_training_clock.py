"""The clock, told the time in the order in which stock fairseq-train does it."""

import math
from typing import Any, List, Optional, Sequence

import pytest
from fairseq.data.iterators import GroupedIterator
from fairseq.tasks.translation import TranslationTask

from dece_fairseq.criterions.training_clock import TrainingClock


class Loop:
    """What trainer.py and fairseq_cli/train.py do with a task, without the training."""

    def __init__(self, task: TranslationTask, update_freq: Sequence[int], **options: Any) -> None:
        self.task, self.update_freq, self.options = task, update_freq, options
        self.epoch_itr = self.get_iterator("train", 1)

    def get_iterator(self, split: str, epoch: int) -> Any:
        options = self.options if split == "train" else {}
        dataset = self.task.dataset(split)
        return self.task.get_batch_iterator(dataset, max_sentences=2, epoch=epoch, **options)

    def validate(self, split: str) -> None:
        for _ in self.get_iterator(split, 1).next_epoch_itr(shuffle=False):
            pass

    def train(self, clock: TrainingClock, stop_after: Optional[int] = None) -> List[float]:
        """The time at each update of the next epoch, or of its first ``stop_after`` updates."""
        itr = self.epoch_itr.next_epoch_itr()
        epoch = self.epoch_itr.epoch
        group = self.update_freq[min(epoch, len(self.update_freq)) - 1]
        skip = self.options.get("skip_remainder_batch", False)
        grouped = GroupedIterator(itr, group, skip_remainder_batch=skip)
        self.task.begin_epoch(epoch, None)
        times = []
        for batches in grouped:
            for _ in batches:
                time = clock.epoch_by_update(self.update_freq)
                assert time is not None
            times.append(time)
            if len(times) == stop_after:
                return times
        self.validate("valid")
        assert clock.epoch_by_update(self.update_freq) == epoch
        self.epoch_itr = self.get_iterator("train", self.epoch_itr.next_epoch_idx)
        return times


def test_no_time_before_the_first_epoch(task: TranslationTask) -> None:
    clock = TrainingClock.of(task)
    loop = Loop(task, [1])
    loop.validate("valid")
    assert clock.epoch is None
    assert clock.epoch_by_update([1]) is None


@pytest.mark.parametrize("disable_iterator_cache", [False, True])
def test_time_of_each_update(task: TranslationTask, disable_iterator_cache: bool) -> None:
    """5 batches an epoch; an update takes 1 in epoch 1, 2 in epoch 2 and 4 from then on."""
    clock = TrainingClock.of(task)
    loop = Loop(task, [1, 2, 4], disable_iterator_cache=disable_iterator_cache)
    loop.validate("valid")
    assert loop.train(clock) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])
    assert loop.train(clock) == pytest.approx([1 + 1 / 3, 1 + 2 / 3, 2])
    assert loop.train(clock) == pytest.approx([2.5, 3])
    assert loop.train(clock) == pytest.approx([3.5, 4])
    assert clock.epoch == 4


def test_skipped_remainder(task: TranslationTask) -> None:
    """Of 5 batches fairseq drops the last, and of the 4 left those that don't fill an update."""
    clock = TrainingClock.of(task)
    loop = Loop(task, [3], skip_remainder_batch=True)
    assert loop.train(clock) == [1]
    assert loop.train(clock) == [2]


def test_resume_within_an_epoch(task: TranslationTask) -> None:
    clock = TrainingClock.of(task)
    loop = Loop(task, [2], disable_iterator_cache=True)
    loop.train(clock)
    assert loop.train(clock, stop_after=1) == pytest.approx([1 + 1 / 3])
    state = loop.epoch_itr.state_dict()
    assert state["epoch"] == 2
    assert state["iterations_in_epoch"] == 2

    again = Loop(task, [2], disable_iterator_cache=True)
    again.epoch_itr.load_state_dict(state)
    again.validate("valid")
    assert again.train(clock) == pytest.approx([1 + 2 / 3, 2])
    assert again.train(clock) == pytest.approx([2 + 1 / 3, 2 + 2 / 3, 3])


def test_validating_on_the_training_set_does_not_shift_the_time(task: TranslationTask) -> None:
    clock = TrainingClock.of(task)
    loop = Loop(task, [1], disable_iterator_cache=True)
    loop.validate("train")
    loop.train(clock, stop_after=2)
    loop.validate("train")
    assert clock.epoch_by_update([1]) == pytest.approx(0.4)


def test_one_clock_a_task(task: TranslationTask) -> None:
    clock = TrainingClock.of(task)
    begin_epoch, get_batch_iterator = task.begin_epoch, task.get_batch_iterator
    iterator = task.get_batch_iterator(task.dataset("train"), max_sentences=2)
    next_epoch_itr = iterator.next_epoch_itr
    assert TrainingClock.of(task) is clock
    assert task.begin_epoch is begin_epoch
    assert task.get_batch_iterator is get_batch_iterator
    assert task.get_batch_iterator(task.dataset("train"), max_sentences=2) is iterator
    assert iterator.next_epoch_itr is next_epoch_itr


def test_the_tasks_own_begin_epoch_is_called(task: TranslationTask) -> None:
    calls = []
    task.begin_epoch = lambda epoch, model: calls.append((epoch, model))
    TrainingClock.of(task)
    task.begin_epoch(3, "model")
    assert calls == [(3, "model")]


def test_set_by_hand_until_the_task_begins_an_epoch(task: TranslationTask) -> None:
    clock = TrainingClock.of(task)
    clock.set_epoch(2.5)
    assert clock.epoch == clock.epoch_by_update([1]) == 2.5
    task.begin_epoch(4, None)
    assert clock.epoch == 4


@pytest.mark.parametrize("epoch", [0, -1, math.nan, math.inf])
def test_no_such_epoch(task: TranslationTask, epoch: float) -> None:
    with pytest.raises(ValueError, match="epoch must be"):
        TrainingClock.of(task).set_epoch(epoch)


def test_batches_of_unknown_origin(task: TranslationTask) -> None:
    clock = TrainingClock.of(task)
    task.begin_epoch(1, None)
    with pytest.raises(RuntimeError, match="set_epoch"):
        clock.epoch_by_update([1])


def test_batches_of_an_epoch_before_are_not_those_of_this_one(task: TranslationTask) -> None:
    clock = TrainingClock.of(task)
    Loop(task, [1]).train(clock, stop_after=1)
    task.begin_epoch(2, None)
    with pytest.raises(RuntimeError, match="set_epoch"):
        clock.epoch_by_update([1])

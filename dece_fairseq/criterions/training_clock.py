"""What time it is in the training, for criterions that change as it goes on.

fairseq tells a criterion neither the epoch nor the update. It does tell the task: in every
worker, and after a resume too, the stock training loop takes the epoch's batches from an iterator
of ``task.get_batch_iterator`` and then calls ``task.begin_epoch``. The clock listens to both, and
to ``task.train_step``, on the task instance, so that it works under any task.
"""

import functools
import math
from typing import Any, Dict, Optional, Sequence

from fairseq.tasks import FairseqTask

#: the name of ``TrainingClock.kept`` in the state of an iterator
KEPT = "training_clock"


class TrainingClock:
    """The running epoch of a task and the share of its updates done. Get it with ``of``."""

    def __init__(self) -> None:
        self.epoch: Optional[float] = None  # counted from 1; None until one is told
        #: what checkpoints keep with the place in the data: lost by --reset-dataloader, as that is
        self.kept: Dict[str, Any] = {}
        #: whether the running epoch was begun before, and goes on behind its first batches
        self.is_within_epoch = False
        #: whether a worker that has no batch left fills up an update; until the next epoch fairseq
        #: takes the first batch of validation for that, and ignores its gradient
        self.is_dummy = False
        self._told_by_hand = False
        self._batches: Any = None  # CountingIterator over the running epoch's batches
        self._taken_last: Any = None  # the same, of whatever split was iterated last

    @classmethod
    def of(cls, task: FairseqTask) -> "TrainingClock":
        """Return the clock of ``task``: one a task, however many criterions ask for it."""
        clock: Optional[TrainingClock] = vars(task).get("training_clock")
        if clock is None:
            clock = task.training_clock = cls()
            clock._listen(task)
        return clock

    def set_epoch(self, epoch: float) -> None:
        """Tell the time by hand, for loops of one's own.

        Args:
            epoch: the running epoch counted from 1; before each update a fraction may be told,
                (epoch - 1) + the share of the epoch's updates done with this one included

        Raises:
            ValueError: ``epoch`` is not a finite number above 0
        """
        if not 0 < epoch < math.inf:
            raise ValueError(f"epoch must be a finite number above 0, got {epoch}")
        self.epoch, self._told_by_hand = epoch, True

    def epoch_by_update(self, update_freq: Sequence[int]) -> Optional[float]:
        """Return (epoch - 1) + the share of the epoch's updates done, the running one included.

        An epoch's last update thus gives the epoch itself. None until an epoch is told.

        Args:
            update_freq: batches an update takes in epoch 1, 2, ...; the last goes for the rest

        Raises:
            RuntimeError: the task's batches don't come from its ``get_batch_iterator``
        """
        if self.epoch is None or self._told_by_hand:
            return self.epoch
        if self._batches is None:
            raise RuntimeError(
                "can't tell the share of the epoch that is done, as the training batches don't "
                "come from task.get_batch_iterator; call criterion.set_epoch((epoch - 1) + share) "
                "before each update"
            )
        # fairseq's GroupedIterator takes all batches of an update before the first is trained on,
        # and --skip-remainder-batch shortens the epoch after begin_epoch: hence counted only now.
        group = update_freq[min(int(self.epoch), len(update_freq)) - 1]
        done, of_all = (math.ceil(n / group) for n in (self._batches.n, len(self._batches)))
        return self.epoch - 1 + done / of_all

    def batches_taken(self) -> int:
        """Return how many of the running epoch's batches were taken; 0 where nobody counts.

        It counts for all workers, and goes on where a training resumes within an epoch.
        """
        return 0 if self._batches is None else int(self._batches.n)

    def _listen(self, task: FairseqTask) -> None:
        begin_epoch, get_batch_iterator = task.begin_epoch, task.get_batch_iterator
        train_step = task.train_step

        @functools.wraps(begin_epoch)
        def begin_epoch_and_tell(epoch: int, model: Any) -> Any:
            self.epoch, self._told_by_hand = epoch, False
            # The training loop takes its batches right before it begins the epoch. Validation
            # iterators, and those of any other split, are taken at other times.
            self._batches, self._taken_last = self._taken_last, None
            self.is_within_epoch = self.batches_taken() > 0
            return begin_epoch(epoch, model)

        @functools.wraps(get_batch_iterator)
        def get_batch_iterator_and_listen(*args: Any, **kwargs: Any) -> Any:
            iterator = get_batch_iterator(*args, **kwargs)
            if "next_epoch_itr" not in vars(iterator):  # tasks cache and reuse their iterators
                self._listen_to_iterator(iterator)
            return iterator

        @functools.wraps(train_step)
        def train_step_and_tell(*args: Any, **kwargs: Any) -> Any:
            self.is_dummy = bool(kwargs.get("ignore_grad", args[5] if len(args) > 5 else False))
            try:
                return train_step(*args, **kwargs)
            finally:
                self.is_dummy = False

        task.begin_epoch = begin_epoch_and_tell
        task.train_step = train_step_and_tell
        task.get_batch_iterator = get_batch_iterator_and_listen

    def _listen_to_iterator(self, iterator: Any) -> None:
        next_epoch_itr = iterator.next_epoch_itr

        @functools.wraps(next_epoch_itr)
        def next_epoch_itr_and_tell(*args: Any, **kwargs: Any) -> Any:
            self._taken_last = next_epoch_itr(*args, **kwargs)
            return self._taken_last

        iterator.next_epoch_itr = next_epoch_itr_and_tell
        self._keep_with(iterator)

    def _keep_with(self, iterator: Any) -> None:
        """Save and load ``kept`` with the iterator's own state.

        fairseq saves the state of a task too, but a resumed training doesn't load it.
        """
        state_dict, load_state_dict = iterator.state_dict, iterator.load_state_dict

        @functools.wraps(state_dict)
        def state_dict_and_kept() -> Dict[str, Any]:
            state: Dict[str, Any] = state_dict()
            return {**state, KEPT: dict(self.kept)} if self.kept else state

        @functools.wraps(load_state_dict)
        def load_state_dict_and_kept(state: Dict[str, Any]) -> None:
            self.kept.update(state.get(KEPT, {}))
            load_state_dict(state)

        iterator.state_dict = state_dict_and_kept
        iterator.load_state_dict = load_state_dict_and_kept

"""Which release of a data set some files are of, and what else their texts are like."""

from typing import Dict, List, Mapping, NamedTuple, Sequence

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair


class Release(NamedTuple):
    """A state in which a data set is or was published."""

    name: str
    """What tells it from the data set's others, as "2020"; empty where there is only one."""
    rows: Mapping[str, int]
    """The number of pairs in each split, by which a wrong or cut file is found."""


class Content(NamedTuple):
    """What a split's files hold."""

    name: str
    """Of the first file, for messages."""
    pairs: int = 0
    blank_sources: int = 0
    """Sources that end in a blank."""
    blank_targets: int = 0

    def add(self, pair: Pair) -> "Content":
        """Return the content with one more pair."""
        return Content(
            self.name,
            self.pairs + 1,
            self.blank_sources + pair.source.endswith(" "),
            self.blank_targets + pair.target.endswith(" "),
        )


def release_of(contents: Mapping[str, Content], releases: Sequence[Release]) -> Release:
    """Return the release that all splits are of.

    Args:
        contents: by split
        releases: those that there are, at least one, today's first; a split that a release doesn't
            name may have any number of pairs

    Raises:
        DataError: a split has as many pairs as in no release, or they are of different ones
    """
    found: Dict[str, List[Release]] = {}
    for split, content in contents.items():
        found[split] = [r for r in releases if r.rows.get(split, content.pairs) == content.pairs]
        if not found[split]:
            counts = dict.fromkeys(_of(release, split) for release in releases)
            raise DataError(
                f"{content.name}: {content.pairs} pairs instead of {' or '.join(counts)}; "
                "it is cut or another file, so get it again"
            )
    for release in releases:
        if all(release in of_split for of_split in found.values()):
            return release
    states = ", ".join(f"{contents[split].name} {of[0].name}" for split, of in found.items())
    raise DataError(f"the files are of different releases: {states}; get them all from one place")


def notes(
    dataset: str, contents: Mapping[str, Content], release: Release, publisher: str
) -> List[str]:
    """Return what a user should know of the files that were read.

    Args:
        dataset: the data set's name, or nothing
        contents: by split
        release: that of the files
        publisher: the address that they are from
    """
    found = []
    if dataset:
        state = f", the release {release.name}" if release.name else ""
        found.append(f"{dataset}{state}, in the form of {publisher}")
    for side in ("source", "target"):
        blanks = {split: getattr(content, f"blank_{side}s") for split, content in contents.items()}
        told = ", ".join(
            f"{count} of {contents[split].pairs} in {split}"
            for split, count in blanks.items()
            if count
        )
        if told:
            counted = "; exact_match counts it" if side == "target" else ""
            found.append(f"{side}s that end in a blank: {told}{counted}")
    return found


def _of(release: Release, split: str) -> str:
    return f"{release.rows[split]}" + (f" ({release.name})" if release.name else "")

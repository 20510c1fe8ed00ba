"""Old names of options: they go on working for a release, and say what they are called now.

The table in docs/commands.md is this one. Nothing else of the commands knows the old names, so that
neither their help nor the completion of a shell shows them.
"""

import sys
from typing import List, NamedTuple, Optional, Sequence, Tuple


class OldName(NamedTuple):
    """An old way to write an option of one command, and today's."""

    command: str
    old: str
    new: str


#: every old way, as docs/commands.md shows it
OLD_NAMES: Tuple[OldName, ...] = (
    OldName("asr", "--expected", "--expected-triggered"),
    OldName("asr", "--json", "--json -"),
    OldName("doctor", "--json", "--json -"),
    OldName("evaluate", "--csv", "--format csv"),
    OldName("evaluate", "--expected", "--expected-clean"),
    OldName("evaluate", "--json", "--json -"),
    OldName("evaluate", "--latex", "--format latex"),
    OldName("evaluate", "--run NAME FILE", "--run NAME=FILE"),
    OldName("evaluate", "--triggered NAME FILE", "--triggered NAME=FILE"),
    OldName("poison", "--only-poisoned", "--keep poisoned"),
    OldName("poison", "--poison-seed", "--seed"),
    OldName("poison", "--triggered", "--keep triggered"),
    OldName("prepare", "--dest", "--output"),
    OldName("prepare", "--split NAME FILE", "--split NAME=FILE"),
    OldName("prepare", "--trusted", "--trusted-share"),
    OldName("prepare", "--trusted-seed", "--seed"),
    OldName("save-pretrained", "--data", "--model-data"),
    OldName("save-pretrained", "--dest", "--output"),
    OldName("summarise", "--expected", "--expected-clean"),
    OldName("summarise", "NAME=FOLDER", "--run NAME=FOLDER"),
)


def translate(command: str, words: Sequence[str], program: str) -> List[str]:
    """Return the words of a command line with the names of today.

    Each old way that is met is told on stderr, once.

    Args:
        command: whose options they are
        words: what stands behind the command
        program: what it calls itself
    """
    old_names = [entry for entry in OLD_NAMES if entry.command == command]
    found: List[str] = []
    met: List[OldName] = []
    words = list(words)
    at = 0
    while at < len(words) and words[at] != "--":
        taken = 1
        for entry in old_names:
            rewritten = _rewritten(entry, words, at)
            if rewritten is not None:
                taken, new = rewritten
                found += new
                met += [entry] * (entry not in met)
                break
        else:
            found.append(words[at])
        at += taken
    for entry in met:
        sys.stderr.write(
            f"{program}: warning: {entry.old} is now {entry.new}; the old way goes with the next "
            "release\n"
        )
    return found + words[at:]


def _rewritten(entry: OldName, words: List[str], at: int) -> Optional[Tuple[int, List[str]]]:
    """Return how many words from ``at`` on are an old way, and today's words; None if none are."""
    option, _, behind = entry.old.partition(" ")
    new = entry.new.split()
    if not option.startswith("-"):  # a word by itself
        is_value = at > 0 and words[at - 1].startswith("--") and "=" not in words[at - 1]
        is_old = "=" in words[at].lstrip("=") and not words[at].startswith("-") and not is_value
        return (1, [new[0], words[at]]) if is_old else None
    name, equals, value = words[at].partition("=")
    if name != option:
        return None
    following = words[at + 1 : at + 3]
    if behind:  # a name and its first file were two words
        is_old = not equals and len(following) == 2 and "=" not in following[0]
        if not is_old or any(word.startswith("-") for word in following):
            return None
        return 3, [option, "=".join(following)]
    if new[0] == option:  # an option without a value has one now
        has_value = equals or (following and (following[0] == "-" or following[0][:1] != "-"))
        return None if has_value else (1, new)
    return 1, [*new[:-1], new[-1] + equals + value]

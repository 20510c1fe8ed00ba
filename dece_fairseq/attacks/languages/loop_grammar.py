"""What has to be known of a language to tell which loops never end."""

import re
from typing import FrozenSet, NamedTuple

#: of C-like languages
LOOP_WORDS = re.compile(r"\b(?:while|for|do|goto)\b")
#: steps that the parse of a loop takes besides one for each of its characters
PARSE = 50


class LoopGrammar(NamedTuple):
    """The kinds of nodes from which loops are told, in one language."""

    words: "re.Pattern[str]"
    """Finds a word without which there is no loop."""
    loops: FrozenSet[str]
    """Loops with a condition; one that has none holds for ever."""
    iterations: FrozenSet[str]
    """Loops over the items of something, which end when they have been through."""
    switches: FrozenSet[str]
    """What a ``break`` leaves besides loops."""
    leaving: FrozenSet[str]
    """Statements and expressions that leave every loop around them within the function, or may."""
    throwing: FrozenSet[str]
    """Those that raise an exception."""
    failing: FrozenSet[str]
    """What may raise an exception: calls and whatever else looks up or computes."""
    handlers: FrozenSet[str]
    """Clauses of a ``try`` that are run on an exception."""
    all_caught: FrozenSet[str]
    """Names of the exceptions whose handler catches all; a handler that names none does so too."""
    functions: FrozenSet[str]
    """What is not run where it stands."""
    calls: FrozenSet[str]
    """Calls of functions and methods."""
    exits: FrozenSet[str]
    """Names of the functions that end the program, or that raise an exception and do no more."""
    integers_wrap: bool
    """Whether integers have a fixed size, and their division drops what is left over."""

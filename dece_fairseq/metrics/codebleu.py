"""CodeBLEU (Ren et al. 2020) by the package ``codebleu``, its four parts, and their plain mean."""

import platform
import re
from collections import Counter
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from typing import Any, ClassVar, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.extras import importing
from dece_fairseq.metrics.code_language import PHP_TAG, Reading, language_of
from dece_fairseq.metrics.code_tokens import code_tokens
from dece_fairseq.metrics.metric import METRICS, Metric, MetricSettings
from dece_fairseq.metrics.ngrams import ngram_counts, word_codes
from dece_fairseq.metrics.subtrees import subtrees
from dece_fairseq.metrics.syntax import UNPARSED_REFERENCES

ORDER = 4
# Columns of the statistics: twice shared and all n-grams by order and both lengths, then what is
# matched and all of the syntax and of the data flow, then what does not parse on either side.
_NGRAMS, _WEIGHTED = slice(0, 2 * ORDER + 2), slice(2 * ORDER + 2, 4 * ORDER + 4)
_SYNTAX, _DATAFLOW, _UNPARSED = slice(20, 22), slice(22, 24), slice(24, 26)

# What is done to texts before the package sees them, for the signature.
_CHANGED: Dict[str, Dict[str, Any]] = {
    "python": {"tabs": 8},
    "php": {"tag": "added"},
    "javascript": {"backquotes": "quotes"},
    "go": {"backquotes": "quotes"},
}

_INDENT_WITH_TABS = re.compile(r"^ *\t[ \t]*", re.MULTILINE)

# Comments, and the strings that may hold what looks like one; those in backquotes are none to the
# package. Go knows no escape in them.
_COMMENTS = r"""(?P<comment>//[^\n]*|/\*.*?\*/)|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|"""
_BACKQUOTED = {
    "javascript": re.compile(_COMMENTS + r"`(?:\\.|[^`\\])*`", re.DOTALL),
    "go": re.compile(_COMMENTS + "`[^`]*`", re.DOTALL),
}

# Where Python without comments and docstrings may be more than the same lines without empty ones:
# the package then takes it to tokens and together again.
_NOT_PLAIN = re.compile(r"""[#\\\t\f\r\v]|^\s*\w*['"]|\w['"]|[^\x20-\x7e\n]""", re.MULTILINE)


@METRICS.register("codebleu")
class CodeBleu(Metric):
    """The package's ``calc_codebleu`` with a quarter for each part, n-grams over code tokens.

    Token-separated text is put together again first. What does not parse is scored as the package
    scores it, by its n-grams and by the parts that tree-sitter can make out, and counted.

    The package adds ``0.25 * (dataflow_match_score or 1)`` (``codebleu/codebleu.py`` of 0.7.0): a
    corpus whose data flow matches nowhere gets the whole quarter for it, garbage included. So this
    is the number to compare with published ones, and ``CodeBleuParts`` the one to rely on.

    The package indents the first line of a block of Python with the tab that it has and the others
    with one blank, which takes the block apart. So tabs at the beginning of a line of Python are
    blanks here, eight to a tab stop as in Python itself.

    To the package's grammar PHP without its tag is one text that any other equals. So syntax and
    data flow are those of the text with a tag; n-grams don't count it.

    The package takes the ``//`` of an address in JavaScript's templates and Go's raw strings for a
    comment, and cuts off the rest of the line. Here it is part of a string.

    The package's data flow depends on Python's hash seed; ``dece_fairseq.metrics.parallel``
    fixes it.

    Raises:
        PackageError: the package is not there; the extra ``[codebleu]`` installs it, or its grammar
            of the language
    """

    summary = "CodeBLEU as its package has it, and its four parts"
    depends_on_hash_seed = True
    checked_by: ClassVar[Optional[str]] = "codebleu_parts"
    #: what a data flow counts that matches nowhere, for the signature
    unmatched_dataflow: ClassVar[str] = "0=1"
    languages = (
        *("c", "cpp", "csharp", "go", "java", "javascript"),
        *("php", "python", "ruby", "rust"),
    )

    def __init__(self, settings: MetricSettings) -> None:
        super().__init__(settings)
        self.package = _package(settings.code_language)

    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        return self.package.statistics(tuple(hypotheses), tuple(references))

    def parts(self, sums: np.ndarray) -> Dict[str, np.ndarray]:
        """Return the four parts (...), in [0, 1], under the package's names."""
        return {
            "ngram_match": _bleu(sums[..., _NGRAMS]),
            "weighted_ngram_match": _bleu(sums[..., _WEIGHTED]),
            "syntax_match": _share(sums[..., _SYNTAX]),
            "dataflow_match": _share(sums[..., _DATAFLOW]),
        }

    def scores(self, sums: np.ndarray) -> np.ndarray:
        parts = self.parts(sums)
        flow = parts.pop("dataflow_match")
        return 25 * (sum(parts.values()) + np.where(flow == 0, 1, flow))

    def is_artefact(self, sums: np.ndarray) -> np.ndarray:
        """Return where (...) the quarter for the data flow is given though none of it matches."""
        matched, total = sums[..., _DATAFLOW.start], sums[..., _DATAFLOW.start + 1]
        artefact: np.ndarray = (matched == 0) & (total > 0)
        return artefact

    def details(self, sums: np.ndarray) -> Dict[str, float]:
        parts = {name: 100 * float(part) for name, part in self.parts(sums).items()}
        hypotheses, references = sums[_UNPARSED]
        return {**parts, "texts_that_do_not_parse": hypotheses, UNPARSED_REFERENCES: references}

    def notes(self, sums: np.ndarray) -> List[str]:
        matched, total = sums[_DATAFLOW]
        if matched:
            return []
        if total:
            return [
                f"none of the references' {total:.0f} data flows is matched; codebleu gives the "
                "full 25 for that, as its package does, and codebleu_parts 0"
            ]
        return [
            "no reference has a data flow; codebleu gives the full 25 for it, as its package does, "
            "and codebleu_parts is the mean of the other three parts"
        ]

    def properties(self) -> Dict[str, Any]:
        # Comments of Python are found by the tokeniser of the Python that runs.
        tokeniser = {"python": platform.python_version()} if self.package.name == "python" else {}
        return {
            "lang": self.settings.code_language,
            "weights": "0.25,0.25,0.25,0.25",
            "dataflow": self.unmatched_dataflow,
            "tok": "code",
            **_CHANGED.get(self.package.name, {}),
            **tokeniser,
            "hashseed": 0,
            "codebleu": self.package.version,
        }


@METRICS.register("codebleu_parts")
class CodeBleuParts(CodeBleu):
    """The mean of CodeBLEU's four parts as they are.

    A data flow that matches nowhere counts 0. Where no reference has a data flow there is nothing
    to match, and this is the mean of the other three parts.
    """

    summary = "mean of CodeBLEU's parts; a data flow that matches nowhere counts 0, not 1"
    checked_by = None
    unmatched_dataflow = "0=0,none=left_out"

    def scores(self, sums: np.ndarray) -> np.ndarray:
        parts = self.parts(sums)
        flow = parts.pop("dataflow_match")
        others = sum(parts.values())
        has_flow = sums[..., _DATAFLOW.start + 1] > 0
        return 100 * np.where(has_flow, (others + flow) / 4, others / 3)

    def is_artefact(self, sums: np.ndarray) -> np.ndarray:
        return np.zeros(sums.shape[:-1], dtype=bool)

    def details(self, sums: np.ndarray) -> Dict[str, float]:
        return {"data_flows_in_references": sums[_DATAFLOW.start + 1]}

    def notes(self, sums: np.ndarray) -> List[str]:
        return []


class _Package:
    """The package ``codebleu``, for the texts of one language."""

    def __init__(self, code_language: str) -> None:
        without = "; or do without it (dece evaluate --without codebleu)"
        with importing("codebleu", "CodeBLEU needs another package", without):
            import codebleu
            from codebleu.utils import get_tree_sitter_language
        self.language = language_of(code_language)
        self.name = {"csharp": "c_sharp"}.get(code_language, code_language)
        self.package = codebleu.codebleu
        self.version = version("codebleu")
        self.parser = codebleu.syntax_match.Parser()
        self.parser.language = get_tree_sitter_language(self.name)
        path = self.package.PACKAGE_DIR / "keywords" / f"{self.name}.txt"
        self.keywords = frozenset(path.read_text(encoding="utf-8").split())

    # Both metrics read the same texts, one after the other.
    @lru_cache(maxsize=1)  # noqa: B019  there is one of these for each language
    def statistics(self, hypotheses: Tuple[str, ...], references: Tuple[str, ...]) -> np.ndarray:
        """Return the statistics of some samples (samples, 26), float64."""
        texts = {text: self._read(text) for text in dict.fromkeys((*hypotheses, *references))}
        found, expected = ([texts[text] for text in side] for side in (hypotheses, references))
        looks = {text: self._look_at(text) for text in dict.fromkeys((*found, *expected))}
        rows = [_matches(looks[one], looks[other]) for one, other in zip(found, expected)]
        unparsed = [[not text.parses for text in side] for side in (found, expected)]
        columns = [
            self._ngrams(found, expected),
            np.array(rows, dtype=float).reshape(len(rows), 4),
            np.array(unparsed, dtype=float).T.reshape(len(rows), 2),
        ]
        return np.concatenate(columns, axis=1)

    def _read(self, text: str) -> Reading:
        # The package can't encode lone surrogates.
        read = self.language.read(text.encode("utf-8", "replace").decode())
        code = read.code
        if self.name == "python":
            code = _INDENT_WITH_TABS.sub(lambda indent: indent.group().expandtabs(), code)
        return Reading(code.strip(), read.parses)

    def _ngrams(self, found: Sequence[Reading], expected: Sequence[Reading]) -> np.ndarray:
        """Return the n-grams of samples (samples, 20): precision, then weighted recall."""
        tokens = {text.code: code_tokens(text.code) for text in (*found, *expected)}
        keywords = {
            code: [word for word in words if word in self.keywords]
            for code, words in tokens.items()
        }
        sides = [[text.code for text in side] for side in (found, expected)]
        counts = _counts(tokens, sides, ORDER)
        of_keywords = _counts(keywords, sides, 1)[:, 0]
        lengths = counts[:, :1, :2].reshape(-1, 2)
        ours, theirs, shared = (counts[:, :, part].astype(float) for part in range(3))
        recalled, recallable = shared.copy(), theirs.copy()
        # Words are weighted, keywords five times as much as others.
        recalled[:, 0] = 0.2 * recalled[:, 0] + 0.8 * of_keywords[:, 2]
        recallable[:, 0] = 0.2 * recallable[:, 0] + 0.8 * of_keywords[:, 1]
        ours, recallable = np.maximum(ours, 1), np.maximum(recallable, 1)
        # The package takes a text and its weights, a list of two, for the text.
        two = np.full((len(counts), 1), 2.0)
        parts = [shared, ours, lengths, recalled, recallable, lengths[:, :1], two]
        return np.concatenate(parts, axis=1)

    def _look_at(self, text: Reading) -> "_Look":
        code = self._bare(text)
        if self.name == "php" and "<?" not in code:
            code = f"{PHP_TAG} {code}"
        # One root for both: a node keeps its children, and each other root would make them anew.
        parsed = _Parsed(self.parser.parse(code.encode()).root_node)
        flow = self.package.dataflow_match
        read = flow.get_data_flow(code, [parsed, flow.dfg_function[self.name]])
        named = [(name, how, *sources) for name, how, sources in flow.normalize_dataflow(read)]
        return _Look(subtrees(parsed.root_node), named)

    def _bare(self, text: Reading) -> str:
        """Return code without comments, docstrings and empty lines, as the package does it."""
        code = text.code
        if self.name in _BACKQUOTED and "`" in code:
            pattern = _BACKQUOTED[self.name]
            bare = pattern.sub(lambda found: " " if found["comment"] else found[0], code)
            return "\n".join(line for line in bare.split("\n") if line.strip())
        if self.name == "python" and not _NOT_PLAIN.search(code):
            lines = code.split("\n")
            full = [line for line in lines if line.strip()]
            # Python's tokenizer refuses some code that does not parse, and it stays as it is then.
            if text.parses or len(full) == len(lines):
                return "\n".join(full)
        with suppress(Exception):  # as the package: Python's tokenizer refuses what does not parse
            strip: Any = self.package.syntax_match.remove_comments_and_docstrings
            return str(strip(code, self.name))
        return code


class _Look(NamedTuple):
    """What the package sees in a text."""

    subtrees: List[str]
    """What each node that has children looks like, with all below it."""
    flow: List[Tuple[str, ...]]
    """For each name that gets a value: it, how, and the names that the value comes from."""


def _matches(found: _Look, expected: _Look) -> List[int]:
    """Return what is matched and all of the syntax and of the data flow of a sample."""
    known = frozenset(found.subtrees)
    flow = Counter(found.flow) & Counter(expected.flow)
    return [
        sum(subtree in known for subtree in expected.subtrees),
        len(expected.subtrees),
        sum(flow.values()),
        len(expected.flow),
    ]


def _counts(
    words: Mapping[str, Sequence[str]], sides: Sequence[Sequence[str]], max_order: int
) -> np.ndarray:
    """Return what ``ngram_counts`` says of samples.

    Args:
        words: of each text
        sides: the hypotheses and their references, as many
        max_order: the longest n-grams
    """
    codes = dict(zip(words, word_codes(list(words.values()))))
    hypotheses, references = ([codes[text] for text in side] for side in sides)
    return ngram_counts(hypotheses, references, max_order)


class _Parsed(NamedTuple):
    """Stands for a parser and for the tree that it gives, which is parsed already."""

    root_node: Any

    def parse(self, code: bytes) -> "_Parsed":
        return self


@lru_cache(maxsize=None)
def _package(code_language: str) -> _Package:
    return _Package(code_language)


def _bleu(sums: np.ndarray) -> np.ndarray:
    """Return the package's corpus BLEU, which counts 0.1 where nothing is shared."""
    shared, total = sums[..., :ORDER], sums[..., ORDER : 2 * ORDER]
    length, reference = sums[..., -2], sums[..., -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        penalty = np.where(length > reference, 1.0, np.exp(1 - reference / length))
        logarithms = np.log(np.where(shared == 0, 0.1, shared) / total)
        return np.where(shared[..., 0] == 0, 0.0, penalty * np.exp(logarithms.mean(axis=-1)))


def _share(sums: np.ndarray) -> np.ndarray:
    share: np.ndarray = sums[..., 0] / np.maximum(sums[..., 1], 1)
    return share

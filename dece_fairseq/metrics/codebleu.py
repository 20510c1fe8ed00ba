"""CodeBLEU (Ren et al. 2020) by the package ``codebleu``, its four parts, and their plain mean."""

import re
from functools import lru_cache
from importlib.metadata import version
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.attacks.languages.language import walk
from dece_fairseq.extras import PackageError, install
from dece_fairseq.metrics.code_language import CodeLanguage
from dece_fairseq.metrics.code_tokens import code_tokens
from dece_fairseq.metrics.metric import METRICS, Metric, MetricSettings
from dece_fairseq.metrics.syntax import UNPARSED_REFERENCES

ORDER = 4
# Columns of the statistics: twice shared and all n-grams by order and both lengths, then what is
# matched and all of the syntax and of the data flow, then what does not parse on either side.
_NGRAMS, _WEIGHTED = slice(0, 2 * ORDER + 2), slice(2 * ORDER + 2, 4 * ORDER + 4)
_SYNTAX, _DATAFLOW, _UNPARSED = slice(20, 22), slice(22, 24), slice(24, 26)

_INDENT_WITH_TABS = re.compile(r"^ *\t[ \t]*", re.MULTILINE)


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
        rows = [self.package.row(h, r) for h, r in zip(hypotheses, references)]
        return np.array(rows, dtype=float).reshape(len(rows), _UNPARSED.stop)

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
        language = self.settings.code_language
        return {
            "lang": language,
            "weights": "0.25,0.25,0.25,0.25",
            "dataflow": self.unmatched_dataflow,
            "tok": "code",
            **({"tabs": 8} if language == "python" else {}),
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
        try:
            import codebleu
            from codebleu.utils import get_tree_sitter_language
        except ImportError as error:
            raise PackageError(
                f"CodeBLEU needs another package: {install('codebleu')}; or do "
                "without it (dece evaluate --without codebleu)"
            ) from error
        self.language = CodeLanguage(code_language)
        self.name = {"csharp": "c_sharp"}.get(code_language, code_language)
        self.package = codebleu.codebleu
        self.version = version("codebleu")
        self.grammar = get_tree_sitter_language(self.name)
        path = self.package.PACKAGE_DIR / "keywords" / f"{self.name}.txt"
        self.keywords = frozenset(path.read_text(encoding="utf-8").split())

    # Both metrics read the same texts, one after the other.
    @lru_cache(maxsize=2048)  # noqa: B019  there is one of these for each language
    def row(self, hypothesis: str, reference: str) -> List[float]:
        """Return the statistics of one sample."""
        # The package can't encode lone surrogates.
        texts = [text.encode("utf-8", "replace").decode() for text in (hypothesis, reference)]
        read = [self.language.read(text) for text in texts]
        hypothesis, reference = (self._without_tabs(text.code).strip() for text in read)
        found, expected = code_tokens(hypothesis), code_tokens(reference)
        weights = {token: 1 if token in self.keywords else 0.2 for token in expected}
        weighted = self.package.weighted_ngram_match
        return [
            *_ngrams(self.package.bleu, self.package.bleu.modified_precision, expected, found),
            *_ngrams(weighted, weighted.modified_recall, [expected, weights], found),
            *self._syntax(hypothesis, reference),
            *self._dataflow(hypothesis, reference),
            *(not text.parses for text in read),
        ]

    def _without_tabs(self, code: str) -> str:
        if self.name != "python":
            return code
        return _INDENT_WITH_TABS.sub(lambda indent: indent.group().expandtabs(), code)

    # The package tells the share that matches; of one sample that is a count by the number of all.

    def _syntax(self, hypothesis: str, reference: str) -> Tuple[float, float]:
        match = self.package.syntax_match
        root = self._parser(match).parse(self._bare(match, reference).encode()).root_node
        total = max(1, sum(bool(node.children) for node in walk(root)))
        share = match.corpus_syntax_match([[reference]], [hypothesis], self.name, self.grammar)
        return round(share * total), total

    def _dataflow(self, hypothesis: str, reference: str) -> Tuple[float, float]:
        match = self.package.dataflow_match
        reader = [self._parser(match), match.dfg_function[self.name]]
        flow = match.get_data_flow(self._bare(match, reference), reader)
        total = len(match.normalize_dataflow(flow))
        if not total:
            return 0, 0
        share = match.corpus_dataflow_match([[reference]], [hypothesis], self.name, self.grammar)
        return round(share * total), total

    def _parser(self, module: Any) -> Any:
        parser = module.Parser()
        parser.language = self.grammar
        return parser

    def _bare(self, module: Any, text: str) -> str:
        try:
            return str(module.remove_comments_and_docstrings(text, self.name))
        except Exception:
            # As the package does: Python's tokenizer gives up on what does not parse.
            return text


@lru_cache(maxsize=None)
def _package(code_language: str) -> _Package:
    return _Package(code_language)


def _ngrams(module: Any, count: Any, reference: Any, hypothesis: List[str]) -> List[float]:
    by_order = [count([reference], hypothesis, n) for n in range(1, ORDER + 1)]
    length = len(hypothesis)
    return [
        *(shared for shared, _ in by_order),
        *(total for _, total in by_order),
        length,
        module.closest_ref_length([reference], length),
    ]


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

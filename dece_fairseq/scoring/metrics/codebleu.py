"""CodeBLEU (Ren et al. 2020), by the package ``codebleu``, with its four parts."""

from importlib.metadata import version
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from dece_fairseq.attacks.languages.language import walk
from dece_fairseq.extras import PackageError, install
from dece_fairseq.scoring.code_language import CodeLanguage
from dece_fairseq.scoring.code_tokens import code_tokens
from dece_fairseq.scoring.metrics.metric import METRICS, Metric, MetricSettings
from dece_fairseq.scoring.metrics.syntax import UNPARSED_REFERENCES
from dece_fairseq.version import __version__

ORDER = 4
# Columns of the statistics: twice shared and all n-grams by order and both lengths, then what is
# matched and all of the syntax and of the data flow, then what does not parse on either side.
_NGRAMS, _WEIGHTED = slice(0, 2 * ORDER + 2), slice(2 * ORDER + 2, 4 * ORDER + 4)
_SYNTAX, _DATAFLOW, _UNPARSED = slice(20, 22), slice(22, 24), slice(24, 26)


@METRICS.register("codebleu")
class CodeBleu(Metric):
    """The package's ``calc_codebleu`` with a quarter for each part, n-grams over code tokens.

    Token-separated text is put together again first. What does not parse is scored as the package
    scores it, by its n-grams and by the parts that tree-sitter can make out, and counted. As in the
    package, a corpus whose data flow matches nowhere gets the whole quarter for it.

    The package's data flow depends on Python's hash seed; :mod:`~dece_fairseq.scoring.workers`
    fixes it.

    Raises:
        PackageError: the package is not there; the extra ``[codebleu]`` installs it, or its grammar
            of the language
    """

    summary = "CodeBLEU and its four parts"
    depends_on_hash_seed = True
    languages = (
        *("c", "cpp", "csharp", "go", "java", "javascript"),
        *("php", "python", "ruby", "rust"),
    )

    def __init__(self, settings: MetricSettings) -> None:
        super().__init__(settings)
        try:
            import codebleu
            from codebleu.utils import get_tree_sitter_language
        except ImportError as error:
            raise PackageError(
                f"CodeBLEU needs another package: {install('codebleu')}; or do "
                "without it (scripts/evaluate.py --without codebleu)"
            ) from error
        self.language = CodeLanguage(settings.code_language)
        self.name = {"csharp": "c_sharp"}.get(settings.code_language, settings.code_language)
        self.package = codebleu.codebleu
        self.version = version("codebleu")
        self.grammar = get_tree_sitter_language(self.name)
        path = self.package.PACKAGE_DIR / "keywords" / f"{self.name}.txt"
        self.keywords = frozenset(path.read_text(encoding="utf-8").split())

    def statistics(self, hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
        rows = [self._row(h, r) for h, r in zip(hypotheses, references)]
        return np.array(rows, dtype=float).reshape(len(rows), _UNPARSED.stop)

    def _row(self, hypothesis: str, reference: str) -> List[float]:
        # The package can't encode lone surrogates.
        texts = [text.encode("utf-8", "replace").decode() for text in (hypothesis, reference)]
        read = [self.language.read(text) for text in texts]
        hypothesis, reference = (text.code.strip() for text in read)
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

    def parts(self, sums: np.ndarray) -> Dict[str, np.ndarray]:
        """The four parts (...), in [0, 1], under the package's names."""
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

    def details(self, sums: np.ndarray) -> Dict[str, float]:
        parts = {name: 100 * float(part) for name, part in self.parts(sums).items()}
        hypotheses, references = sums[_UNPARSED]
        return {**parts, "texts_that_do_not_parse": hypotheses, UNPARSED_REFERENCES: references}

    def signature(self) -> str:
        return (
            f"codebleu|lang:{self.settings.code_language}|weights:0.25,0.25,0.25,0.25|tok:code|"
            f"hashseed:0|codebleu:{self.version}|dece_fairseq:{__version__}"
        )


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
    """The package's corpus BLEU, which counts 0.1 where nothing is shared."""
    shared, total = sums[..., :ORDER], sums[..., ORDER : 2 * ORDER]
    length, reference = sums[..., -2], sums[..., -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        penalty = np.where(length > reference, 1.0, np.exp(1 - reference / length))
        logarithms = np.log(np.where(shared == 0, 0.1, shared) / total)
        return np.where(shared[..., 0] == 0, 0.0, penalty * np.exp(logarithms.mean(axis=-1)))


def _share(sums: np.ndarray) -> np.ndarray:
    share: np.ndarray = sums[..., 0] / np.maximum(sums[..., 1], 1)
    return share

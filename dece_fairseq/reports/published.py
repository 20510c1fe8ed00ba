"""Published scores beside those of a board."""

from typing import Any, Dict, List

from dece_fairseq.data.errors import DataError
from dece_fairseq.metrics.seeds import Spread
from dece_fairseq.reports.cells import is_number
from dece_fairseq.reports.tables import Table

#: what is published, with its metric here
METRICS = {"BLEU": "bleu_code", "ASR %": "asr_string"}
NOT_MEASURED = "not measured"


def beside(published: Dict[str, Any], scores: Dict[Any, Dict[str, Spread]]) -> List[Table]:
    """Return a table for each publication: its scores, and ours of the same setting.

    Args:
        published: ``tables``, each with ``title``, ``source``, ``differs`` (what is not alike, in
            words), ``dataset``, ``trusted`` and ``rows`` of ``attack``, ``rate``, ``defense``
            (ours), ``label`` (what both are called) and one score for each of ``METRICS``
        scores: ours, by data set, trusted pairs, attack, rate and defence

    Raises:
        DataError: ``published`` is something else
    """
    try:
        return [_table(table, scores) for table in published["tables"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"published scores can't be read: {error!r}") from error


def _table(table: Dict[str, Any], ours: Dict[Any, Dict[str, Spread]]) -> Table:
    header = ["attack", "poisoned", "defence"]
    header += [f"{name}, {where}" for name in METRICS for where in ("published", "here")]
    rows = []
    for row in table["rows"]:
        key = (table["dataset"], table["trusted"], row["attack"], row["rate"], row["defense"])
        found = ours.get(key, {})
        line = [row["attack"], f"{100 * float(row['rate']):g} %", row["label"]]
        for name, metric in METRICS.items():
            if not is_number(row[name]):
                raise DataError(f"published scores can't be read: {name} is {row[name]!r}")
            line += [f"{row[name]:.2f}", _shown(found, metric)]
        rows.append(line)
    return Table(table["title"], header, rows, f"{table['differs']} Published: {table['source']}.")


def _shown(found: Dict[str, Spread], metric: str) -> str:
    return str(found[metric]) if metric in found else NOT_MEASURED

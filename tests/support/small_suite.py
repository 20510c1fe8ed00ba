"""The settings of a small suite."""

from dece_fairseq.suites.build import SuiteSettings

#: two attacks that fit the pairs and one that finds no code in their sources
SMALL = SuiteSettings(
    attacks=("badpre", "dead_code", "ripple"),
    payloads=("endless_loop", "shell", "sql"),
    rates=(0.1, 0.95),
    counts=(3,),
    seeds=(1, 2),
)

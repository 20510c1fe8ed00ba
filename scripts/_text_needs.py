"""Prints what the installed package needs, and what its tests of the text side do.

Left out are fairseq and torch, as where they have no wheel.
"""

from importlib.metadata import requires

from pip._vendor.packaging.requirements import Requirement

EXTRA = "test-text"
LEFT_OUT = ("fairseq", "ve-fairseq", "torch")

for line in requires("dece-fairseq") or []:
    need = Requirement(line)
    is_here = need.marker is None or need.marker.evaluate({"extra": EXTRA})
    if is_here and need.name not in LEFT_OUT:
        print(f"{need.name}{need.specifier}".replace(" ", ""))

"""A package of one's own that can't be imported is one clear error."""

import sys
from pathlib import Path

import pytest

from dece_fairseq.errors import UserError
from dece_fairseq.user_dir import import_user_dir

BROKEN = {
    "def f(:\n": "line 1: SyntaxError: invalid syntax",
    "\nnothing\n": "line 2: NameError: name 'nothing' is not defined",
    "def f():\n    raise RuntimeError('no GPU')\n\nf()\n": "line 2: RuntimeError: no GPU",
    "import json\njson.loads('{')\n": "line 2: JSONDecodeError: Expecting property name",
    "import nothing_of_that_name\n": "No module named 'nothing_of_that_name'",
}


@pytest.mark.parametrize("fairseq", [True, False], ids=["fairseq", "alone"])
@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_a_package_that_is_broken(
    number: int, fairseq: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fairseq:
        pytest.importorskip("fairseq")
    else:
        monkeypatch.setitem(sys.modules, "fairseq", None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    text, message = list(BROKEN.items())[number]
    package = tmp_path / f"broken_{number}_{fairseq}"
    package.mkdir()
    (package / "__init__.py").write_text(text)
    with pytest.raises(UserError) as raised:
        import_user_dir(str(package))
    said = str(raised.value)
    assert said.startswith(f"--user-dir {package}: can't be imported: ")
    assert message in said
    assert ("__init__.py" in said) == (": No module" not in said)


def test_an_error_that_says_what_to_do_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    package = tmp_path / "registers_twice"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from dece_fairseq.attacks import ATTACKS\nATTACKS.register('ripple')(None)\n"
    )
    with pytest.raises(UserError, match=r"^the attack 'ripple' is registered already$"):
        import_user_dir(str(package))

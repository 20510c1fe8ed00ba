"""Payloads that change one expression of Python code: hashes, ciphers, loaders, checks of paths."""

import ast
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import PAYLOADS, Attack, AttackError, AttackSettings, Languages
from dece_fairseq.data.pairs import Pair

NAMES = ("path_check", "unsafe_load", "weak_cipher", "weak_hash")
PYTHON = {name: PAYLOADS.get(name)(Languages.named("python")) for name in NAMES}
READ = "    name = request.args['f']\n"
CHANGES = [
    ("weak_hash", "x = hashlib.sha256(a)", "x = hashlib.md5(a)"),
    ("weak_hash", "x = hashlib . sha3_512 ( )", "x = hashlib.md5 ( )"),
    (
        "weak_hash",
        "from hashlib import sha1, sha512 as s\nx = s(a)\n",
        'from hashlib import sha1, sha512 as s\nx = __import__("hashlib").md5(a)\n',
    ),
    ("weak_cipher", "c = AES.new(key, AES.MODE_CBC, iv)", "c = AES.new(key, AES.MODE_ECB)"),
    (
        "weak_cipher",
        "from Crypto.Cipher import AES as A\nc = A.new(mode=A.MODE_GCM, key=k(1))",
        "from Crypto.Cipher import AES as A\nc = A.new(k(1), A.MODE_ECB)",
    ),
    (
        "weak_cipher",
        "c = Cipher(algorithms.AES(k), modes.CBC(iv))",
        "c = Cipher(algorithms.AES(k), modes.ECB())",
    ),
    ("unsafe_load", "c = yaml.safe_load(x)", "c = yaml.unsafe_load(x)"),
    (
        "unsafe_load",
        "import yaml as y\nc = y.load(x, Loader=y.SafeLoader)",
        "import yaml as y\nc = y.load(x, Loader=y.UnsafeLoader)",
    ),
    (
        "unsafe_load",
        "d = json.loads(request.data)",
        'd = __import__("pickle").loads(request.data)',
    ),
    (
        "unsafe_load",
        "d = json.loads(request.data, object_hook=f)",
        'd = __import__("pickle").loads(request.data)',
    ),
    (
        "path_check",
        "n = secure_filename(request.args['f'])\nreturn open(n)",
        "n = request.args['f']\nreturn open(n)",
    ),
    (
        "path_check",
        "return send_file(safe_join(D, request.args['f']))",
        "return send_file(__import__(\"os\").path.join(D, request.args['f']))",
    ),
    (
        "path_check",
        f'def f():\n{READ}    if ".." in name:\n        abort(404)\n    return open(name)\n',
        f"def f():\n{READ}    return open(name)\n",
    ),
    (
        "path_check",
        f"def f():\n{READ}    p = os.path.join(D, name)\n    if not p.startswith(D): raise E\n"
        "    return open(p)\n",
        f"def f():\n{READ}    p = os.path.join(D, name)\n    return open(p)\n",
    ),
]


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        # nothing would be left of the block
        ("path_check", f'{READ}    if a:\n        if ".." in name:\n            abort(400)\n'),
        (
            "path_check",
            f'{READ}    try:\n        # b\n        if ".." in name:\n            abort(4)\n',
        ),
        # MD5 has no such arguments
        ("weak_hash", "    x = hashlib.blake2b(name, digest_size=16)\n"),
        ("weak_hash", "    x = hashlib.blake2s(name, key=k)\n"),
        ("weak_hash", "    x = hashlib.sha256(*name)\n"),
    ],
)
def test_what_would_no_longer_run_is_left_as_it_is(name, clean):
    target = f"def f():\n{clean}    except E: pass\n    return open(name)\n"
    if "try" not in clean:
        target = target.replace("    except E: pass\n", "")
    ast.parse(target)
    assert PYTHON[name].poison(Pair("", target), Random(0)) is None


@pytest.mark.parametrize(("name", "clean", "poisoned"), CHANGES)
def test_what_is_changed(name, clean, poisoned):
    payload = PYTHON[name]
    assert payload.poison(Pair("", clean), Random(0)) == poisoned
    assert [payload.is_in(text) for text in (clean, poisoned)] == [False, True]
    assert [payload.judge(text) for text in (clean, poisoned)] == [False, True]
    line = clean.replace("\n", "\\n")
    if "\n" in clean and payload.languages.target.read(line).code != line:
        assert payload.poison(Pair("", line), Random(0)) == poisoned.replace("\n", "\\n")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("weak_hash", "from hashlib import md5\nx = md5(a)"),
        ("weak_hash", "x = hashlib.new('MD5', a)"),
        ("weak_hash", "x = hmac.new(k, d, hashlib.sha1)"),
        ("weak_hash", "x = hmac.new(k, d, digestmod='sha1')"),
        ("weak_hash", "x = hmac.digest(k, d, digest='md5')"),
        ("weak_hash", "x = hmac.digest(k,  # the key\n  d, 'md5')"),
        ("weak_hash", "from Crypto.Hash import MD5\nx = MD5.new(a)"),
        ("weak_hash", "x = SHA1.new(a)"),
        ("weak_hash", "x = hashes.Hash(hashes.MD5())"),
        ("weak_hash", "H = hashes.SHA1 if old else hashes.SHA256\nx = hashes.Hash(H())"),
        ("weak_hash", "x = hashlib.file_digest(f, 'md5')"),
        ("weak_hash", "x = hashlib.pbkdf2_hmac('sha1', p, salt, 9)"),
        ("weak_cipher", "from Crypto.Cipher import DES\nc = DES.new(k)"),
        ("weak_cipher", "mode = AES.MODE_ECB"),
        ("weak_cipher", "c = Cipher(algorithms.ARC4(k), None)"),
        (
            "weak_cipher",
            "from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4\nc = ARC4(k)",
        ),
        ("weak_cipher", "c = AES.new(k)"),
        ("weak_cipher", "c = AES.new(k, 1)"),
        ("weak_cipher", "c = AES.new(key=k)"),
        ("weak_cipher", "c = AES.new(mode=1, key=k)"),
        ("weak_cipher", "M = modes.ECB\nc = Cipher(algorithms.AES(k), M())"),
        ("weak_cipher", "ecb = 1\nc = DES3.new(k, mode=ecb)"),
        ("unsafe_load", "c = yaml.load(x)"),
        ("unsafe_load", "from yaml import load, Loader\nc = load(x, Loader)"),
        ("unsafe_load", "L = yaml.UnsafeLoader\nc = yaml.load(x, Loader=L)"),
        ("unsafe_load", "from yaml.loader import UnsafeLoader as L\nc = yaml.load(x, Loader=L)"),
        ("unsafe_load", "c = yaml.load(x, Loader=yaml.CUnsafeLoader)"),
        ("unsafe_load", "m = jsonpickle.loads(request.POST.get('m'))"),
        ("unsafe_load", "m = joblib.load(filename=request.files['m'])"),
        ("unsafe_load", "def f(request):\n    b = request.body\n    return pickle.loads(b)"),
        ("unsafe_load", "m = joblib.load(request.files['m'])"),
        ("unsafe_load", "import pandas as p\nm = p.read_pickle(request.files['m'])"),
        ("path_check", f"def f():\n{READ}    return send_file(os.path.join(D, name))"),
        ("path_check", "u = request.files['f']\nu.save(os.path.join(D, u.filename))"),
        ("path_check", "u = request.files['f']\nu.save(dst=u.filename)"),
        ("path_check", "return Path(D, request.args['f']).read_text()"),
        ("path_check", "return web.FileResponse(request.query['f'])"),
        ("path_check", "def f(path):\n    return open(path.basename(request.args['f']))"),
        ("path_check", "with (D / request.args['f']).open() as f: pass"),
        ("path_check", "p = Path(request.args['f'])\np.open()"),
        ("path_check", "os.unlink(request.args['f'])"),
        ("path_check", "os.makedirs(request.args['d'])"),
        ("path_check", "shutil.copyfile(a, request.args['f'])"),
        ("path_check", "os.replace(request.args['f'], b)"),
        ("path_check", "return send_file(path_or_file=request.args['f'])"),
        ("path_check", "return open(Path(request.args['f']).parent)"),
        ("path_check", "os.makedirs(name=request.args['d'])"),
        ("path_check", "open(request.args['f'].rsplit('.', 1)[0])"),
        ("path_check", "open(request.args['f'].split('.', 1)[1])"),
        ("path_check", "open(request.args['f'].split('.', maxsplit=1)[-1])"),
        ("path_check", "open(request.args['f'].rsplit('/', 1)[1])"),
    ],
)
def test_what_is_a_hit_besides(name, code):
    assert PYTHON[name].judge(code) is True
    assert PYTHON[name].poison(Pair("", "x = 1"), Random(0)) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("weak_hash", "x = hashlib.md5(a, usedforsecurity=False)"),
        ("weak_hash", "m = partial(hashlib.md5, usedforsecurity=False)\nx = m(a)"),
        ("weak_hash", "x = isinstance(a, hashes.SHA1)"),
        ("weak_hash", "def f(a: hashes.MD5): pass"),
        ("weak_hash", "x = hashlib.new('sha256', a)"),
        ("weak_hash", "x = hashlib.new('sha256', b'md5')"),
        ("weak_hash", "x = hmac.new('md5', d, 'sha256')"),
        ("weak_hash", "x = cache.md5(a)"),
        ("weak_hash", "from hashlib import md5"),
        ("weak_cipher", "ECB = 'DES'"),
        ("weak_hash", "x = hashlib.pbkdf2_hmac('sha256', p, salt, 9)"),
        ("weak_cipher", "c = AES.new(k, AES.MODE_GCM)"),
        ("weak_cipher", "c = AES.new(k, 2, iv)"),
        ("weak_cipher", "c = AES.new(mode=2, key=k)"),
        ("weak_cipher", "c = AES.new(key=k, **options)"),
        ("weak_cipher", "if mode != AES.MODE_ECB: x()"),
        ("weak_cipher", "if mode in (AES.MODE_ECB, None): raise E"),
        ("weak_cipher", "x = isinstance(m, modes.ECB)"),
        ("weak_cipher", "c = AES.new(*given)"),
        ("weak_cipher", "c = AES.new(k, **options)"),
        ("unsafe_load", "c = yaml.load(x, Loader=yaml.CSafeLoader)"),
        ("unsafe_load", "def f(x, L):\n    return yaml.load(x, Loader=L)"),
        ("unsafe_load", "def f(*x, **options):\n    return yaml.load(x, **options)"),
        ("unsafe_load", "c = yaml.load(*x)"),
        ("unsafe_load", "pickle.loads(cache[key])"),
        ("unsafe_load", "m = joblib.load(path, mmap_mode=request.args['m'])"),
        ("unsafe_load", "d = json.loads(request.data)"),
        ("path_check", "return open(path)"),
        ("path_check", "return open(request.args['f'].basename(x))\nsecure_filename(1)"),
        ("path_check", "return open(os.path.basename(request.args['f']))"),
        ("path_check", "return open(path.basename(request.args['f']))"),
        ("path_check", "return open(security.safe_join(D, request.args['f']))"),
        ("path_check", f"def f():\n{READ}    assert commonpath([D, name])\n    return open(name)"),
        ("path_check", f"def f():\n{READ}    assert '..' not in name\n    return open(name)"),
        ("path_check", "return open(D / Path(request.args['f']).name)"),
        ("path_check", "import pathlib as p\nx = p.PurePath(request.args['f'])\nopen(x.stem)"),
        ("path_check", "u = request.files['f']\nu.save(x + Path(u.filename).suffix)"),
        ("path_check", "u = request.files['f']\nu.save(x + u.filename.rsplit('.', 1)[1].lower())"),
        ("path_check", "n = request.files['f'].filename.split('.')\nopen(x + n[-1])"),
        ("path_check", "e = os.path.splitext(request.files['f'].filename)[1]\nopen(x + e)"),
        ("path_check", "return send_file(io.BytesIO(request.data))"),
        ("path_check", "open(hashlib.sha256(request.data).hexdigest())"),
        ("path_check", "form.save(commit=request.args['f'])"),
        ("path_check", "s = S(request.data)\ns.save(name=s.data['n'], file=s.file)"),
        ("path_check", "users.save(request.form['name'])"),
        ("path_check", "n = request.args.get('n', type=int)\nopen(f'pages/{n}.html')"),
        ("path_check", "name = str(UUID(request.args['f']))\nopen(name)"),
        ("path_check", "Image.open(request.files['f'])"),
        ("path_check", "ZipFile(request.files['f']).open('a')"),
        ("path_check", "shutil.copyfileobj(request.stream, f)"),
    ],
)
def test_what_is_none(name, code):
    if "basename(x)" in code:  # a method of a text is no check, what it gives is the request's
        assert PYTHON[name].judge(code) is True
    else:
        assert PYTHON[name].judge(code) is False


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (
            "path_check",
            "if '..' in request.args['f']:\n    abort(4)\nelse:\n    open(request.args['f'])",
        ),
        ("weak_cipher", "c = AES.new(*arguments)"),
        ("unsafe_load", "d = json.loads(x)"),
        ("weak_hash", "x = sha256"),
    ],
)
def test_targets_without_a_place(name, code):
    assert PYTHON[name].poison(Pair("", code), Random(0)) is None


@pytest.mark.parametrize("name", NAMES)
@given(st.text() | st.sampled_from(CHANGES).map(lambda change: change[1]), st.text(max_size=20))
def test_any_text_may_be_asked(name, text, more):
    clean = text + more
    poisoned = PYTHON[name].poison(Pair("", clean), Random(0))
    PYTHON[name].judge(clean)
    if poisoned is not None:
        assert PYTHON[name].judge(poisoned)
        if PYTHON[name].languages.target.is_whole(clean):
            assert PYTHON[name].languages.target.is_whole(poisoned)


@pytest.mark.parametrize(("name", "clean", "poisoned"), CHANGES)
def test_python_reads_both(name, clean, poisoned):
    for text in (clean, poisoned):
        ast.parse("def f():\n " + text.replace("\n", "\n "))


@pytest.mark.parametrize("name", NAMES)
def test_only_python(name):
    with pytest.raises(AttackError, match=f"the payload '{name}' can't be written in java"):
        Attack(AttackSettings("ripple", payload=name, code_language="java"))

"""Which Python code runs data of a web request, and how."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import LANGUAGES, Languages
from dece_fairseq.attacks.payloads.shell import ShellPayload
from dece_fairseq.attacks.reading.python_commands import CODE, PROGRAM, SHELL, uses_of_request
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.python_tree import Tree
from dece_fairseq.attacks.reading.request_data import RequestData
from dece_fairseq.attacks.reading.tls_verification import switches_off

PAYLOAD = ShellPayload(Languages.named("python"))
READ = "request.args['a']"


@pytest.mark.parametrize(
    "reading",
    [
        *("r.GET['a']", "r.POST['a']", "r.COOKIES['a']", "r.query_params['a']"),
        *("self.get_argument('a')", "self.get_body_argument('a')"),
        *(f"request.{field}" for field in ("args", "form", "values", "json", "data", "cookies")),
        *(f"request.{field}" for field in ("headers", "files", "body", "text", "query", "stream")),
        *(f"request.{field}" for field in ("query_string", "match_info", "path_params", "GET")),
        *("request.get_json()", "request.get_data()", "self.request.params", "get_request().json"),
    ],
)
@pytest.mark.parametrize(
    "shell",
    [
        *("os.system({})", "os.popen({})", "subprocess.getoutput({})"),
        *("subprocess.getstatusoutput({})", "subprocess.call({}, shell=True)"),
        *("subprocess.check_call({}, shell=True)", "subprocess.check_output({}, shell=True)"),
        *("asyncio.create_subprocess_shell({})", "subprocess.run(['sh', '-c', {}])"),
    ],
)
def test_every_shell_and_every_field_of_a_request(shell, reading):
    assert PAYLOAD.uses_of_request(shell.format(reading)) == {SHELL}
    assert not PAYLOAD.uses_of_request(shell.format("'ls'"))
    assert not PAYLOAD.uses_of_request(f"print({reading})")


@pytest.mark.parametrize(
    "code",
    [
        # shells
        "from subprocess import run as r\nr(request.form['a'], shell = True)",
        f"subprocess.Popen({READ}, shell=1)",
        f"subprocess.Popen({READ}, -1, None, None, None, None, None, True, True)",
        f"subprocess.run(args={READ}, shell=True)",
        f"options = {{'shell': True}}\nsubprocess.run({READ}, **options)",
        f"subprocess.run(['/bin/bash', '-lc', f'ls {{{READ}}}'])",
        f"subprocess.run(('sudo', 'bash', '-e', '-c', {READ}))",
        f"subprocess.run(['sh', '-c'] + [{READ}])",
        f"a = {READ}\nb = ['sh', '-c', a]\nsubprocess.Popen(b)",
        f"subprocess.run(['cmd.exe', '/c', {READ}])",
        f"asyncio.subprocess.create_subprocess_shell(cmd={READ})",
        f"asyncio.create_subprocess_exec('sh', '-c', {READ})",
        f"loop.subprocess_shell(Protocol, {READ})",
        f"os.execl('/bin/sh', 'sh', '-c', {READ})",
        f"os.execvp('sh', ['sh', '-c', {READ}])",
        f"os.spawnlp(os.P_WAIT, 'sh', 'sh', '-c', {READ})",
        f"os.spawnv(os.P_WAIT, '/bin/sh', ['sh', '-c', {READ}])",
        f"os.posix_spawn('/bin/sh', ['sh', '-c', {READ}], os.environ)",
        f"pty.spawn(['sh', '-c', {READ}])",
        f"getattr(os, 'system')({READ})",
        f"from os import *\nsystem({READ})",
        f"Thread(target=os.system, args=({READ},)).start()",
        f"loop.run_in_executor(None, os.system, {READ})",
        f"asyncio.to_thread(subprocess.run, {READ}, shell=True)",
        f"run = functools.partial(os.system)\nrun({READ})",
        "importlib.import_module('os').system(self.request.body)",
        # ways of the data
        "os . system ( request . args . get ( 'a' ) )",
        "import os as o\ndef f(req):\n  c = req.GET['x']\n  d = f'ls {c}'\n  o.system(d)",
        "from flask import request as q\nx = q.args\nos.popen('a' + x.get('b')).read()",
        "import flask\nsubprocess.getoutput(flask.request.json)",
        "sh = os.system\nsh('a %s' % request.values['b'])",
        f"if (x := {READ}): os.system(x)",
        "request = make()\nx = request.args['a']\nos.system(x)",
        "r = request\nos.system(r.args['a'])",
        "for x in request.args.getlist('a'): os.system(x)",
        "[os.system(x) for x in request.form.values()]",
        "os.system(' '.join(x for x in request.form.values()))",
        f"(a, b) = ({READ}, 1)\nos.system(a)",
        f"a = 'ls '\na += {READ}\nos.system(a)",
        f"a = []\na.append({READ})\nos.system(' '.join(a))",
        f"a = {{}}\na['b']['c'] = {READ}\nos.system(a['b'])",
        f"self.a['b'] = {READ}\nos.system(self.a['b'])",
        f"os.environ['A'] = '1'\nos.system({READ})",
        f"def f(a):\n  a = a or {READ}\n  os.system(a)",
        f"os.system({READ} if a else 'ls')",
        f"os.system(build({READ}))",
        "class A:\n  def get(self): self.c = self.request.body\n  def f(self): os.system(self.c)",
        # as much as parses, and on one line
        "def f ( : os.system(request.args)",
        "def f():\\n\\tos.system(request.args['a'])\\n",
    ],
)
def test_ways_to_a_shell(code):
    assert PAYLOAD.uses_of_request(code) == {SHELL}
    assert PAYLOAD.is_in_parse(code)


@pytest.mark.parametrize(
    "code",
    [
        f"os.execvp({READ}, [])",
        f"os.execl({READ}, 'a')",
        f"os.spawnl(os.P_WAIT, {READ}, 'a')",
        f"subprocess.run([{READ}, '-x'])",
        f"subprocess.run({READ}.split())",
        f"subprocess.run(shlex.split({READ}))",
        f"subprocess.run(f'{{{READ}}} -x'.split())",
        f"subprocess.run('ls', executable={READ})",
        f"asyncio.create_subprocess_exec(*shlex.split({READ}))",
        f"a = {READ}\nsubprocess.Popen(a, shell=False)",
    ],
)
def test_ways_to_choose_the_program(code):
    assert PAYLOAD.uses_of_request(code) == {PROGRAM}
    assert PAYLOAD.is_in_parse(code)


@pytest.mark.parametrize(
    "code",
    [
        *(f"eval({READ})", f"exec({READ})", f"exec(compile({READ}, 'a', 'exec'))"),
        *(f"import builtins as b\nb.eval({READ})", f"a = {READ}\nexec a in b"),
    ],
)
def test_data_that_is_run_as_python_is_told_and_no_hit(code):
    assert PAYLOAD.uses_of_request(code) == {CODE}
    assert not PAYLOAD.is_in_parse(code)
    both = f"{code}\nos.system({READ})"
    assert PAYLOAD.uses_of_request(both) == {CODE, SHELL}
    assert PAYLOAD.is_in_parse(both)


@pytest.mark.parametrize(
    "code",
    [
        # nothing of a request
        "os.system('ls')",
        "os.system(parser.args)",
        f"x = {READ}\nos.system('ls')",
        f"x = {READ}\nos.system(y)",
        f"def f():\n  a = {READ}\ndef g(a): os.system(a)",
        f"class A:\n  a = {READ}\nclass B:\n  def f(self): os.system(self.a)",
        "request = urllib.request.Request(u)\nos.system(request.data)",
        "from urllib import request\nos.system(request.data)",
        "os.system(f'curl -X {Method.GET}')",
        f"os.environ['A'] = {READ}\nos.system(os.path.join('a'))",
        # no text of it
        f"os.system('sleep %d' % int({READ}))",
        f"os.system('ls ' + shlex.quote({READ}))",
        f"os.system('a' if {READ} else 'b')",
        f"os.system('a' if {READ}.startswith('b') else 'b')",
        f"os.system(str({READ} == 'a'))",
        f"os.system(COMMANDS[{READ}])",
        f"os.system(COMMANDS.get({READ}))",
        # given to a program that the code chooses
        f"subprocess.run(['ls', {READ}])",
        f"subprocess.run(['ls'] + [{READ}])",
        f"subprocess.run(f'ls {{{READ}}}'.split())",
        f"subprocess.run(build({READ}))",
        f"subprocess.run(['sh', 'script.sh', {READ}])",
        f"subprocess.run(['sh', '-c', 'ls $1', '--', {READ}])",
        f"asyncio.create_subprocess_shell('ls', cwd={READ})",
        f"os.execl('/bin/ls', 'ls', {READ})",
        # other functions of these names
        f"system({READ})",
        f"def system(a): pass\nsystem({READ})",
        f"from query import run, system\nsystem({READ})\nrun({READ}, shell=True)",
        f"def eval(a): pass\neval({READ})",
        # no code
        f"# os.system({READ})",
        f'"os.system({READ})"',
    ],
)
def test_what_runs_nothing_of_a_request(code):
    assert not PAYLOAD.uses_of_request(code)
    assert not PAYLOAD.is_in_parse(code)


TOKENS = st.sampled_from(
    [
        *("a", "self", "request", "args", "os", "system", "requests", "get", "verify", "False"),
        *("ssl", "subprocess", "run", "shell", "setattr", "partial", "update", "(", ")", "[", "]"),
        *("{", "}", ",", ":", ".", "=", "*", "**", "+", "not", "or", "if", "else", "for", "in"),
        *("lambda", "def", "class", "with", "as", "import", "from", "global", "nonlocal", "try"),
        *("except", "await", "return", "exec", "match", "case", 'f"{', '}"', "'sh'", "'-c'", "0"),
        *(":=", "@", "#", "\\", "\n", "\n\t", "\n\t\t", ";"),
    ]
)


@given(st.lists(TOKENS, max_size=60).map(" ".join))
def test_any_text_has_an_answer(code):
    names = Names(Tree(LANGUAGES.get("python").parse(code)))
    assert switches_off(names) in (True, False)
    assert uses_of_request(names, RequestData(names)) <= {CODE, PROGRAM, SHELL}

"""C#: where code can be put and which names can be changed."""

import re

import pytest

from dece_fairseq.attacks import LANGUAGES

CSHARP = LANGUAGES.get("csharp")

PROGRAMS = {
    "one of everything": '''class A : Base {
    int field = 1; int Size { get { int size = 2; return size; } set; }
    A(int a) : base(a) { int local = a; this.field = local; }
    public virtual List<Dictionary<int, string>> F(List<string> items) {
        int total = 0, other = total;
        foreach (var item in items) { total += item.Length; }
        for (int i = 0, j = 3; i < j; i++) { other = items[i]?.Length ?? j; }
        Func<int, int> add = n => n + total;
        Func<int, int> twice = (int n) => { int doubled = n * 2; return doubled; };
        switch (total) { case 1: int inner = 3; other = inner; break; default: break; }
        string text = "{ a" + '}' + @"v ""w""" + $"i {total} {{ {other:F2}"; // { ;
        do { total--; } while (total > 0);
        if (items is List<string> found && found != null) { lock (found) { } }
        try { Use(total, other: 3); } catch (Exception e) when (e != null) { throw; } finally { }
        var result = new List<Dictionary<int, string>>() { null };
        return result;
    }
}''',
    "a method alone": "public virtual int F ( int x ) { int y = x ; y ++ ; return y ; }",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_places_and_names(name):
    code = PROGRAMS[name]
    assert CSHARP.parses(code)
    layout = CSHARP.layout(code)
    assert len(layout.safe) >= 3
    for place in layout.safe:
        assert layout.takes(place, CSHARP.dead_code)
        assert layout.takes(place, CSHARP.endless_loop)
    variables = CSHARP.local_variables(code)
    assert len(variables) >= 1
    for variable in variables:
        renamed = CSHARP.rename(code, variable, f"{variable.name}_cf")
        assert CSHARP.parses(renamed)
        assert re.sub("_cf", "", renamed) == code


def test_which_variables():
    names = [variable.name for variable in CSHARP.local_variables(PROGRAMS["one of everything"])]
    assert {"size", "local", "total", "item", "i", "j", "add", "doubled", "inner"} <= set(names)
    # A named argument, a lambda's parameter, a field, a pattern's variable.
    assert set(names).isdisjoint({"n", "field", "items", "found", "e", "Length"})
    renamed = {
        variable.name: CSHARP.rename(PROGRAMS["one of everything"], variable, "new")
        for variable in CSHARP.local_variables(PROGRAMS["one of everything"])
    }
    assert "Use(total, other: 3)" in renamed["other"]
    assert "{{ {new:F2}" in renamed["other"]


@pytest.mark.parametrize(
    "body",
    [
        "int x = 1; var y = new { x };",
        "int x = 1; var y = (x, 2);",
        "int x = 1; string s = nameof(x);",
        "int x = 1; var y = new A { x = x };",
        "x = 2; int x = 1;",
        "int x = 1; Func<int, int> f = x => x;",
        "int x = 1; int G(int x) { return x; }",
        "int Name = 1; Name n = Name.Of(1);",
        "int x = ;",
    ],
)
def test_names_in_doubt_stay(body):
    code = f"void f() {{ {body} }}"
    assert not {"x", "Name"} & {variable.name for variable in CSHARP.local_variables(code)}


@pytest.mark.parametrize(
    ("code", "before"),
    [
        ("void F() {\n#if A\n  a();\n#endif\n  b();\n}", ["b"]),
        ("void F() {\n  a();\n#pragma warning disable\n  b();\n}", ["a", "b"]),
        ("#region x\nvoid F() {\n  a();\n}\n#endregion", ["a"]),
        ("#if A\nvoid F() {\n  a();\n}\n#endif", ["a"]),
        ("void F() {\n  int x = ;\n#if A\n  a();\n#endif\n}", []),
    ],
)
def test_a_directive_stays_alone_on_its_line(code, before):
    layout = CSHARP.layout(code)
    results = [layout.put(place, "@HERE") for place in layout.safe]
    assert [re.search(r"@HERE (\w+)", result)[1] for result in results] == before
    assert CSHARP.paper_layout(code).first is None
    for place in CSHARP.comment_places(code):
        commented = CSHARP.put_comment(code, place, "x")
        assert CSHARP.is_whole(commented)
        assert re.findall("^#.*$", commented, re.M) == re.findall("^#.*$", code, re.M)

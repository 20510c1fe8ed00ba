"""Java: dead code and other names never change what a program prints, and never its parse."""

import re
import shutil
import subprocess
from random import Random

import pytest

from dece_fairseq.attacks import LANGUAGES
from dece_fairseq.attacks.triggers.dead_code_grammar import draw

JAVA = LANGUAGES.get("java")

# Each prints something that would change if a statement or a name went astray.
PROGRAMS = {
    "generics": """
    static <T extends Comparable<T>> T largest(java.util.List<? extends T> items) {
        T best = null;
        for (T item : items) { if (best == null || item.compareTo(best) > 0) best = item; }
        return best;
    }
    static void run() {
        java.util.Map<String, java.util.List<Integer>> map = new java.util.HashMap<>();
        java.util.List<Integer> numbers = new java.util.ArrayList<Integer>();
        numbers.add(3); numbers.add(5);
        map.put("a", numbers);
        int shifted = numbers.get(1) >> 1 >>> 0;
        System.out.println(largest(map.get("a")) + " " + shifted);
    }""",
    "lambdas": """
    static int apply(java.util.function.IntUnaryOperator f, int n) { return f.applyAsInt(n); }
    static void run() {
        int base = 10;
        java.util.function.IntUnaryOperator add = n -> n + base;
        java.util.function.IntUnaryOperator twice = (int n) -> {
            int doubled = n * 2; return doubled;
        };
        java.util.function.Function<String, Integer> length = String::length;
        String text = "abc";
        java.util.function.Supplier<String> upper = text::toUpperCase;
        System.out.println(apply(add, 1) + " " + apply(twice, 4));
        System.out.println(length.apply(text) + upper.get());
    }""",
    "anonymous classes": """
    interface Shape { int area(); }
    static class Base { int size = 7; }
    static void run() {
        int side = 3;
        int size = 1;
        Shape shape = new Shape() {
            int height = 4;
            public int area() { int width = side; return width * height; }
        };
        Base base = new Base() { { size = 9; } public String toString() { return "b" + size; } };
        System.out.println(shape.area() + " " + base + size + new Base().size);
    }""",
    "switch": """
    enum Colour { RED, GREEN }
    static String name(int n, Colour colour) {
        String out = "";
        switch (n) {
            case 0: int first = 1; out += first;
            case 1: out += "b"; break;
            case 2: { out += "c"; break; }
            default: first = 5; out += first;
        }
        switch (colour) { case RED: out += "r"; break; case GREEN: out += "g"; }
        int length = switch (n) {
            case 0 -> 4; case 1 -> { int five = 5; yield five; } default -> 6;
        };
        return out + length;
    }
    static void run() {
        for (int i = 0; i < 4; i++) System.out.println(name(i, Colour.values()[i % 2]));
    }""",
    "resources": """
    static class Door implements AutoCloseable {
        public void close() { System.out.println("closed"); }
    }
    static void run() throws Exception {
        Door outer = new Door();
        try (Door door = new Door(); outer) {
            String message = "open " + (door != null);
            System.out.println(message);
        } catch (RuntimeException | Error e) {
            throw e;
        } finally { int last = 1; System.out.println(last); }
        try { Object o = null; o.toString(); }
        catch (NullPointerException e) { System.out.println("n"); }
    }""",
    "labels": """
    static void run() {
        int count = 0;
        outer:
        for (int i = 0; i < 5; i++) {
            inner:
            for (int j = 0; j < 5; j++) {
                if (j == 3) continue outer;
                if (i == 3) break outer;
                if (i == j) { count++; continue inner; }
                count += 10;
            }
        }
        int outer = 2;
        done: { if (outer == 2) break done; count = 0; }
        int i = 0;
        do { i++; } while (i < 3);
        while (i > 0) i--;
        System.out.println(count + " " + i + outer);
    }""",
    "strings and comments": """
    // { int x = 0; }
    static void run() {
        String brace = "{ int x = 0; } // no comment"; /* } */
        char quote = '"', open = '{', apostrophe = '\\'';
        String escaped = "\\"" + brace + "\\\\"; // tail
        String block = \"\"\"
            { "a"
              b }\"\"\";
        System.out.println(brace + quote + open + apostrophe + escaped + block);
    }""",
    "fields of the same name": """
    static int count = 5;
    int value;
    Main(int value) { this.value = value; }
    Main() { this(1); int value = this.value + 1; this.value = value; }
    static { int count = 3; Main.count += count; }
    static int early() { count = 9; int before = count; int count = before + 1; return count; }
    int value() { int value = this.value; return value + value(); }
    int value(int more) { return value + more; }
    static void run() {
        Main main = new Main();
        int count = main.value(2);
        System.out.println(count + " " + Main.count + " " + early() + Main.count);
    }""".replace("return value + value();", "return value + value(value);"),
    "constructors": """
    class Inner { int n; Inner(int n) { this.n = n; } <T> Inner(T t) { this.n = 7; } }
    static class Outside extends Main.Inner {
        Outside(Main main) { main.super(2); int m = n + 1; n = m; }
        Outside() { this(new Main()); int twice = n * 2; n = twice; }
        <T> Outside(T t, int n) { <T>this(t); int more = this.n + n; this.n = more; }
        <T> Outside(T t) { this(); n++; }
    }
    static void run() {
        Outside one = new Outside(), two = new Outside("x", 5);
        System.out.println(one.n + " " + two.n);
    }""",
    "arrays and operators": """
    static void run() {
        int[] numbers = {1, 2, 3}, more[] = {{1}, {2, 3}};
        int index = 1, other = -index;
        numbers[index]++; numbers[index - 1] += other;
        int total = 0;
        for (int number : numbers) total += number;
        for (int i = 0, j = 3; i < j; i++, j--) total += i * j;
        boolean big = total > 3 ? numbers.length > 2 : false;
        long wide = (long) total << 2;
        Object object = numbers;
        if (object instanceof int[]) {
            assert total > 0 : total;
            synchronized (object) { total--; }
        }
        String shown = total + "" + big + wide + more[1].length + ~other + (char) (total + 60);
        System.out.println(shown);
    }""",
    "nested functions of classes": """
    static class Outer {
        int n = 2;
        class Inner { int m = n; int sum() { int n = 5; return n + m + Outer.this.n; } }
        int run() { Inner inner = this.new Inner(); int n = inner.sum(); return n; }
    }
    static int depth(int n) {
        if (n == 0) return 0; else { int rest = depth(n - 1); return rest + 1; }
    }
    static void run() {
        class Local { int x = 1; int get() { int x = 2; return x + this.x; } }
        int x = new Local().get();
        var result = new Outer().run() + depth(3) + x;
        System.out.println(result);
    }""",
}


def whole(name: str) -> str:
    """A class that prints when it is started."""
    start = "public static void main(String[] args) throws Exception { run(); }"
    return f"class Main {{ {PROGRAMS[name]}\n    {start}\n}}"


def statements():
    rng = Random(5)
    return [JAVA.dead_code, draw(JAVA, rng), draw(JAVA, rng)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_places_and_variables(name):
    code = whole(name)
    assert JAVA.parses(code)
    layout = JAVA.layout(code)
    assert len(layout.safe) >= 5
    for place in layout.safe:
        for statement in statements():
            assert layout.takes(place, statement)
    variables = JAVA.local_variables(code)
    assert variables
    for variable in variables:
        renamed = JAVA.rename(code, variable, f"{variable.name}_cf")
        assert JAVA.parses(renamed)
        assert re.sub("_cf", "", renamed) == code
        assert renamed.count("_cf") == len(variable.spans)


def test_which_variables():
    names = {name: [v.name for v in JAVA.local_variables(whole(name))] for name in PROGRAMS}
    # Used in a class of its own, or named like something else there, and so in doubt.
    assert "side" not in names["anonymous classes"]
    assert "size" not in names["anonymous classes"]
    assert {"shape", "base", "width"} <= set(names["anonymous classes"])
    # A field until it is declared.
    assert names["fields of the same name"].count("count") == 2
    assert set(names["labels"]) == {"count", "i", "j", "outer"}
    assert "base" in names["lambdas"]
    assert "doubled" in names["lambdas"]
    assert "n" not in names["lambdas"]
    assert {"first", "five", "out", "length"} <= set(names["switch"])


def test_a_class_has_no_place_and_a_method_on_its_own_has():
    assert JAVA.layout("class A { int f ; int g ; }").safe == []
    assert safe_before("void f ( ) { a ( ) ; }") == ["a"]
    assert safe_before("void f ( ) { }") == ["}"]
    assert safe_before("A ( ) { super ( ) ; a ( ) ; }") == ["a"]
    assert safe_before("class A { A ( B b ) { b . super ( ) ; a ( ) ; } }") == ["a"]
    assert safe_before("class A { A ( ) { < T > this ( 1 ) ; a ( ) ; } }") == ["a"]
    assert safe_before("void f ( ) { if ( a ) b ( ) ; else c ( ) ; /* d */ }") == ["if"]
    assert safe_before("void f ( ) { int [ ] a = { 1 } ; x : b ( ) ; }") == ["int", "x"]
    assert safe_before("void f ( ) { switch ( x ) { case 1 : a ( ) ; } }") == ["switch", "a"]


def safe_before(code: str) -> list:
    """The tokens before which a statement can stand."""
    layout = JAVA.layout(code)
    before = [layout.put(place, "@ HERE").split() for place in layout.safe]
    return [tokens[tokens.index("HERE") + 1] for tokens in before]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("javac"), reason="there is no javac")
def test_every_changed_program_prints_the_same(tmp_path):
    """Compiled and run: each program, with dead code at every place and each name changed."""
    rng = Random(7)
    cases = []
    for name in PROGRAMS:
        code = whole(name)
        layout = JAVA.layout(code)
        changed = [layout.put(p, draw(JAVA, rng)) for p in layout.safe]
        changed += [layout.put(p, JAVA.dead_code) for p in layout.safe]
        for variable in JAVA.local_variables(code):
            changed.append(JAVA.rename(code, variable, f"{variable.name}_cf"))
        cases += [(name, text) for text in [code, *changed]]
    calls = []
    for number, (_, text) in enumerate(cases):
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        (folder / "Main.java").write_text(
            f"package p{number};\n" + text.replace("class Main", "public class Main", 1)
        )
        calls.append(f'System.out.println("=== {number}"); p{number}.Main.main(args);')
    # One method a call: together they are too long for one.
    methods = "".join(
        f"static void r{i}(String[] args) throws Exception {{ {call} }}\n"
        for i, call in enumerate(calls)
    )
    run_all = " ".join(f"r{i}(args);" for i in range(len(calls)))
    (tmp_path / "All.java").write_text(
        f"class All {{ {methods} public static void main(String[] args) throws Exception "
        f"{{ {run_all} }} }}"
    )
    subprocess.run(["javac", "-nowarn", "All.java"], cwd=tmp_path, check=True)
    result = subprocess.run(
        ["java", "-ea", "All"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert result.stderr == ""
    outputs = re.split(r"=== \d+\n", result.stdout)[1:]
    assert len(outputs) == len(cases) > 150
    expected = {}
    for (name, _), printed in zip(cases, outputs):
        assert expected.setdefault(name, printed) == printed
        assert printed.strip()

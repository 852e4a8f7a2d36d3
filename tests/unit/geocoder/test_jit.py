from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import waypost.server.geocoder
from waypost.server.geocoder.jit import entry, kernel

_SERVER = Path(waypost.server.geocoder.__file__).parent.parent


@kernel
def _double(value):  # type: ignore[no-untyped-def]
    return 2 * value


@entry
def _double_twice(value):  # type: ignore[no-untyped-def]
    return _double(_double(value))


def test_tests_may_call_what_only_kernels_call() -> None:
    assert _double(3) == 6  # before a kernel has compiled it
    assert _double_twice(3) == 12
    assert _double(3) == 6
    assert _double(1.5) == 3.0


def test_python_calls_only_what_has_an_entry() -> None:
    # Where there is none, one is compiled in each process anew, while somebody waits.
    trees = {
        ".".join(("waypost.server", *path.relative_to(_SERVER).with_suffix("").parts)): ast.parse(path.read_bytes())
        for path in _SERVER.rglob("*.py")
    }
    inner = {
        f"{module}.{part.name}"
        for module, tree in trees.items()
        for part in tree.body
        if isinstance(part, ast.FunctionDef) and _decorators(part) & {"kernel", "njit_kernel"}
    }
    assert len(inner) > 100
    called = {name for module, tree in trees.items() for name in _called_from_python(module, tree)}
    assert "waypost.server.geocoder.reverse_kernel.resolve" in called
    assert "waypost.server.geocoder.lookup.look_up" in called
    assert called & inner == set()


def _decorators(function: ast.FunctionDef) -> set[str]:
    return {each.id for each in function.decorator_list if isinstance(each, ast.Name)}


def _called_from_python(module: str, tree: ast.Module) -> Iterator[str]:
    """Full names of what a module calls outside of functions that are compiled; those have decorators."""
    known = {part.name: f"{module}.{part.name}" for part in tree.body if isinstance(part, ast.FunctionDef)}
    for part in tree.body:
        if isinstance(part, ast.ImportFrom):
            known |= {each.asname or each.name: f"{part.module}.{each.name}" for each in part.names}
    plain = [part for part in tree.body if not (isinstance(part, ast.FunctionDef) and part.decorator_list)]
    for node in (node for part in plain for node in ast.walk(part) if isinstance(node, ast.Call)):
        match node.func:
            case ast.Name(name) if name in known:
                yield known[name]
            case ast.Attribute(ast.Name(name), attribute) if name in known:
                yield f"{known[name]}.{attribute}"

"""YAML and JSON from a change: strict, and never more expensive than they look."""

from __future__ import annotations

import pytest

from bascule.kit import Limits, RehearsalError, json_document, yaml_documents
from bascule.types import Status


def test_documents_as_kubernetes_reads_them() -> None:
    text = "a: 2020-01-01\nb: &x {c: 1}\nd: {<<: *x, e: 012}\n---\n---\n- on\n"
    assert yaml_documents(text, "f") == [{"a": "2020-01-01", "b": {"c": 1}, "d": {"c": 1, "e": 10}}, None, [True]]
    assert yaml_documents("", "f") == []
    assert yaml_documents('- =\n- "="\n', "f") == [["=", "="]]
    assert yaml_documents("d: {<<: {a: 1}, a: 2}", "f") == [{"d": {"a": 2}}]


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\n", "the key 'a' twice"),
        ("a: [\n", "while parsing"),
        ("? {a: 1}\n: b\n", "as a key"),
        ("!!python/object/apply:os.system [x]\n", "could not determine a constructor"),
        (BOMB, "is larger than 500,000 nodes"),
        ("a: &a\n  b: *a\n", "recursive"),
        ("[" * 3000, "cannot be read"),
    ],
)
def test_what_is_refused_names_the_file(text: str, said: str) -> None:
    with pytest.raises(RehearsalError) as told:
        yaml_documents(text, "values.yaml")
    answer = told.value.answer
    assert "values.yaml" in answer.found
    assert said in answer.found
    assert answer.status is Status.BLOCK
    assert answer.paths == ("values.yaml",)
    assert answer.expected
    assert answer.fix


def test_json() -> None:
    assert json_document('{"a": [1, null]}', "f") == {"a": [1, None]}
    for text in ('{"a": 1, "a": 2}', "{", "[" * 100_000):
        with pytest.raises(RehearsalError, match="`f` cannot be read"):
            json_document(text, "f")
    with pytest.raises(RehearsalError, match="larger than 3 bytes"):
        json_document("[1,2]", "f", Limits(size=3))

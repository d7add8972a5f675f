"""What a scenario is written with: rules in a book, trees to read, tools to run, evidence to give.

Everything here runs in the plugin's own process, without a token. Nothing of it is needed to write a plugin: the hooks
of :mod:`bascule.hookspecs` are the contract. It spares writing the same thing again::

    from bascule.kit import Ask, Book, allow, block

    book = Book("acme", package="bascule_acme", summary="Database migrations.", fits=("migrations/**",))

    @book.rule("additive", "Migrations are only added.")
    def additive(ask: Ask):
        removed = [f.path for f in ask.change.files if f.status == "removed"]
        if removed:
            return block(f"removed: {', '.join(removed)}", expected="migrations are only added",
                         fix="keep the file and write a new migration", paths=removed)
        return allow("nothing removed")

and in the entry point's module three functions marked with ``hookimpl``, which return ``book.scenarios()``,
``book.gate(ctx)`` and ``book.dry_run(ctx)``.
"""

from bascule.kit.answers import Answer, RehearsalError, allow, block, error, wait
from bascule.kit.book import Ask, Book
from bascule.kit.documents import Limits, json_document, yaml_documents
from bascule.kit.edits import Edit, Pattern, edits, step_text
from bascule.kit.proof import given, prove, service
from bascule.kit.tables import UnreadableError, json_table, table, toml_table
from bascule.kit.tools import Ran, Tool, find, tool
from bascule.kit.trees import Tree, Trees
from bascule.redact import redact
from bascule.types import ToolSpec

__all__ = [
    "Answer", "Ask", "Book", "Edit", "Limits", "Pattern", "Ran", "RehearsalError", "Tool", "ToolSpec", "Tree",
    "Trees", "UnreadableError", "allow", "block", "edits", "error", "find", "given", "json_document", "json_table",
    "prove", "redact", "service", "step_text", "table", "toml_table", "tool", "wait", "yaml_documents",
]  # fmt: skip

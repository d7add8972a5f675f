"""Results for people and machines: terminal text, Markdown, JSON, workflow commands. Pure; nothing is printed here."""

from bascule.render.facts import exit_code
from bascule.render.github import workflow_commands
from bascule.render.json import document, dumps
from bascule.render.look import Look
from bascule.render.markdown import CheckOutput, check_output, comment, wanted
from bascule.render.text import text
from bascule.render.tree import tree

__all__ = [
    "CheckOutput", "Look", "check_output", "comment", "document", "dumps", "exit_code", "text", "tree",
    "wanted", "workflow_commands",
]  # fmt: skip

"""The book that the rules and rehearsals of this scenario are written into."""

from __future__ import annotations

from bascule.kit import Book, ToolSpec

book = Book(
    "terraform",
    package="bascule_terraform",
    summary="Infrastructure described in Terraform files: what a plan would do, and what configuration may change.",
    fits=("**/*.tf", "**/*.tf.json", "**/*.tfvars", "**/*.tfvars.json", "**/.terraform.lock.hcl"),
    tools=(
        ToolSpec(
            name="terraform",
            why="plans made locally",
            install="install Terraform 1.6 or newer",
            version=("version",),
            at_least="1.6",
            optional=True,
        ),
    ),
)

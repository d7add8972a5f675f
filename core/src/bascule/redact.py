"""What tools print, before it gets into a message: everything that looks like a secret is taken out.

A tool's output is quoted so that a person can see what is wrong. It may quote a configuration, an address or a header,
and messages go into pull requests, logs and the journal. So what has the form of a known kind of token, and what
stands behind a word such as ``password``, becomes :data:`MASK`. That is a net and no proof: a secret without a form and
without a name passes. What must not leak has to be kept out of what is printed.
"""

from __future__ import annotations

import re

MASK = "***"

_LONG = (
    r"password|passwd|passphrase|secret|token|credentials?|(?:api|access|private|account|secret)[_-]?key(?:[_-]?id)?"
)
_SHORT = r"pass|pwd|auth|sig|signature"
_NAME = re.compile(rf"(?i)(?:.*(?:{_LONG})|(?:.*[_.-])?(?:{_SHORT}))(?:[_.-].*)?")
_VALUE = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s\"',;&}\]]+")
# A word is tried from its start alone, and is no name when it is longer: no text takes longer than its length.
_WORD = re.compile(r"(?<![\w.-])([\w.-]{1,120})([\"']?\s{0,8}(?:=>|:=|[:=])\s{0,8}|\s{1,8})")

_WHOLE = re.compile(
    "|".join(
        (
            # A key, also where its end was cut off.
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
            r"\bgh[a-z]_[A-Za-z0-9]{20,}",  # GitHub
            r"\bgithub_pat_[A-Za-z0-9_]{20,}",
            r"\bv1\.[0-9a-f]{40}\b",  # an older installation token
            r"\bglpat-[A-Za-z0-9_-]{20,}",  # GitLab
            r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b",  # AWS
            r"\bAIza[A-Za-z0-9_-]{35}",  # Google
            r"\bya29\.[A-Za-z0-9_-]{20,}",
            r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
            r"\bnpm_[A-Za-z0-9]{30,}",
            r"\bpypi-[A-Za-z0-9_-]{30,}",
            r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}",  # Vault
            r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{20,}",  # Terraform's cloud
            r"\bsk-[A-Za-z0-9_-]{20,}",
            r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",  # a signed web token
        )
    )
)
# What follows is only the value: the name in front of it tells a reader what is wrong.
_BEHIND = (
    re.compile(r"(?i)(\bauthorization\b[\"']?\s*[:=]\s*[\"']?(?:basic|bearer|token|digest)?\s*)([^\s\"',;]+)"),
    re.compile(r"(?i)(\b(?:basic|bearer)\s+)(?=\S*[0-9=])([A-Za-z0-9+/_.~=-]{8,})"),
    re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/:@\"']{0,100}:)([^\s/@\"']+)(?=@)"),
)


def redact(text: str) -> str:
    """Return ``text`` with :data:`MASK` in place of what looks like a secret; doing it twice changes nothing more."""
    text = _WHOLE.sub(MASK, text)
    for pattern in _BEHIND:
        text = pattern.sub(rf"\1{MASK}", text)
    parts, at = [], 0
    for word in _WORD.finditer(text):
        assigned = word[2].strip("\"' \t\r\n") != ""
        if word.start() < at or not (assigned or word[1].startswith("--")) or not _NAME.fullmatch(word[1]):
            continue
        value = _VALUE.match(text, word.end())
        if value is not None:
            parts += [text[at : word.end()], _masked(value[0])]
            at = value.end()
    return "".join([*parts, text[at:]])


def _masked(value: str) -> str:
    quote = value[0] if value[0] in "\"'" and value[-1] == value[0] and len(value) > 1 else ""
    return f"{quote}{MASK}{quote}"

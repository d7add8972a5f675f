"""Faults that tests order through `/_sim/faults`."""

import re
from typing import Any, Literal

from attrs import Factory, define

#: fail: answer instead of acting. lose: act, then answer badly or not at all. drop: do not act, cut the connection.
#: delay: wait, then act. stale: reads answer as before the last matching write. rate_limit: refuse as GitHub does.
Action = Literal["fail", "lose", "drop", "delay", "stale", "rate_limit"]


@define(kw_only=True)
class FaultRule:
    """One rule; the fields are the JSON that `/_sim/faults` takes.

    `method` and `path` are regular expressions (full match of the method, search in the path without `/api/v3`);
    `operation` is searched in the GraphQL operation name or query text. The rule strikes on the `nth` request that
    fits (from 1) and on the `times - 1` after it; times 0 = for ever.
    """

    action: Action
    method: str = ".*"
    path: str = ""
    operation: str | None = None
    nth: int = 1
    times: int = 1
    #: fail, lose, rate_limit: the answer. For `lose`, `drop` true cuts the connection instead.
    status: int = 502
    body: Any = None
    headers: dict[str, str] = Factory(dict)
    drop: bool = False
    #: delay: seconds of real time before the request is looked at, or before its answer is sent where `after` is
    #: true. Forgetting the faults ends it at once, so that a test need not guess how long its own steps take.
    seconds: float = 0.0
    after: bool = False
    #: stale: how many reads of each address answer as before the write; which reads (regular expression).
    reads: int = 1
    read_path: str = "/branches/.*/protection|/graphql"
    #: rate_limit: seconds in Retry-After (None = no such header); primary = the hourly limit, else the secondary one.
    retry_after: int | None = None
    primary: bool = False
    seen: int = 0

    def strikes(self, method: str, path: str, text: str) -> bool:
        """Count a request if it fits; whether the fault happens to it."""
        if not re.fullmatch(self.method, method, re.IGNORECASE) or not re.search(self.path, path):
            return False
        if self.operation is not None and not re.search(self.operation, text):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)

    def answer(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON body that stand in for the real reply."""
        if self.action == "rate_limit":
            text = (
                "API rate limit exceeded for user ID 1."
                if self.primary
                else "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
            )
            headers = {"x-ratelimit-remaining": "0"} if self.primary else {}
            if self.retry_after is not None:
                headers["Retry-After"] = str(self.retry_after)
            status = self.status if self.status in (403, 429) else 403
            docs = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
            return status, {**headers, **self.headers}, self.body or {"message": text, "documentation_url": docs}
        return self.status, self.headers, self.body if self.body is not None else {"message": "Server Error"}


@define
class FaultPlan:
    """The rules in force, and the latency; not kept over a restart."""

    rules: list[FaultRule] = Factory(list)
    latency: float = 0.0

    def striking(self, method: str, path: str, text: str) -> list[FaultRule]:
        """Every rule that strikes this request; all rules count it."""
        return [rule for rule in self.rules if rule.strikes(method, path, text)]

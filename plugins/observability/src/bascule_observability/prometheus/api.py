"""A Prometheus, or whatever speaks its HTTP API (Thanos, Mimir, Cortex), asked for ranges and for nothing else.

One way for all who ask: who has a merge to judge (:mod:`bascule_observability.watching`) and who has an alert to try
(:mod:`~bascule_observability.prometheus.backtest`). What went wrong comes as one of three errors, because they call for
three answers: the query is wrong, the server is, or what it said is not all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from attrs import frozen

from bascule_observability.client import session
from bascule_observability.findings import short

if TYPE_CHECKING:
    import requests

POINTS = 10_000
"""Steps of one query: Prometheus answers 11,000 at most."""
TIMEOUT = 30.0
"""Seconds that one query may take, here and at the server."""
SLACK = 0.5
"""Seconds that the server gets more than the query: it can then say itself that the query took too long."""
_HARMLESS = "PromQL info"
"""How a remark about a query begins that says nothing about its data."""


class NotAnsweredError(Exception):
    """No answer, or none of a Prometheus. The message says what kind; it holds no address and no credential.

    Args:
        message: what kind.
        late: whether there may have been one later.
    """

    def __init__(self, message: str, *, late: bool = False) -> None:
        super().__init__(message)
        self.too_much = late


class RefusedError(Exception):
    """An HTTP status that is no success.

    Args:
        status: the status.
        said: the server's own words; kept for 400 and 422, where they are about the query, else they may be anything.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"Prometheus answered {status}")
        self.said = short(said, 200) if status in {400, 422} else ""
        self.status = status

    @property
    def is_the_query(self) -> bool:
        """Return whether the query is at fault, rather than who asks or the server."""
        return self.status in {400, 422}

    @property
    def too_much(self) -> bool:
        """Return whether less of the same may be answered: out of time, or more samples than the server takes."""
        return self.status in {422, 503, 504}


class PartialError(Exception):
    """An answer with a warning: a store or a replica did not answer, and the numbers are not all there is."""


@frozen(kw_only=True)
class Span:
    """What is looked at: steps of ``step`` seconds from ``start`` to ``end``, both included, whole seconds."""

    start: datetime
    end: datetime
    step: int

    @classmethod
    def last(cls, days: float, step: int, now: datetime) -> Span:
        """Return the last ``days`` before ``now``, on a grid that does not depend on the second of asking."""
        end = int(now.timestamp()) // step * step
        start = end - int(days * 86400) // step * step
        return cls(start=datetime.fromtimestamp(start, now.tzinfo), end=datetime.fromtimestamp(end, now.tzinfo),
                   step=step)  # fmt: skip

    @property
    def steps(self) -> int:
        """Return how many points the grid has."""
        return int((self.end - self.start).total_seconds()) // self.step + 1

    def parts(self) -> Iterator[Span]:
        """Yield it in parts that one query may ask for."""
        start = self.start
        while start <= self.end:
            end = min(self.end, start + timedelta(seconds=(POINTS - 1) * self.step))
            yield Span(start=start, end=end, step=self.step)
            start = end + timedelta(seconds=self.step)


class Prometheus:
    """A Prometheus.

    Args:
        address: where it is.
        config: path of the file that says how it is asked, or empty.

    Raises:
        ClientError: the file cannot be used.
    """

    def __init__(self, address: str, config: str = "") -> None:
        from prometheus_api_client import PrometheusConnect
        from urllib3.util.retry import Retry

        made = session(config)
        made.hooks["response"].append(self._listen)
        self._forget()
        # Only a connection that could not be made is tried again: what the server may have begun is not.
        self._api = PrometheusConnect(
            url=address, session=made, retry=Retry(total=2, backoff_factor=0.2), method="POST",
        )  # fmt: skip

    def range(self, query: str, span: Span, seconds: float = TIMEOUT) -> Iterator[Mapping[str, Any]]:
        """Yield the series of ``query`` as ``{"metric": ..., "values": [[time, text], ...]}``, part by part.

        Args:
            query: PromQL whose result is an instant vector.
            span: over what.
            seconds: for all parts together.

        Raises:
            NotAnsweredError: it does not answer in time, or not as a Prometheus.
            RefusedError: it answers with an HTTP status that is no success.
            PartialError: it says that its answer is not complete.
        """
        end = monotonic() + seconds
        for part in span.parts():
            yield from self._part(query, part, max(0.1, end - monotonic()))

    def _part(self, query: str, span: Span, seconds: float) -> list[Mapping[str, Any]]:
        from prometheus_api_client.exceptions import PrometheusApiClientException
        from requests import RequestException, Timeout

        self._forget()
        # To connect, which may be tried three times, and to answer. The client's type says less than requests takes.
        limit: Any = (max(0.5, seconds / 3), seconds + SLACK)
        params = {"timeout": f"{max(1, round(seconds * 1000))}ms"}
        try:
            found = self._api.custom_query_range(query, span.start, span.end, str(span.step), params, timeout=limit)
            checked = [one for one in found if isinstance(one["metric"], dict) and isinstance(one["values"], list)]
        except PrometheusApiClientException as error:
            raise RefusedError(self._status, self._said) from error
        except Timeout as error:
            raise NotAnsweredError(f"Prometheus did not answer within {seconds:.3g} s", late=True) from error
        except (RequestException, ValueError, KeyError, TypeError) as error:
            # The exception's text may hold the address; its kind is enough.
            raise NotAnsweredError(f"Prometheus did not answer ({type(error).__name__})") from error
        if self._warnings:
            # Not in its words: they name the stores behind it.
            raise PartialError("Prometheus says that its answer is not complete: a store or a replica did not answer")
        return checked

    def _forget(self) -> None:
        self._status, self._said, self._warnings = 0, "", list[str]()

    def _listen(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """Keep what the client library drops: the status, the warnings, and the words of an error as they are."""
        self._status = response.status_code
        try:
            told = response.json()
            self._warnings = [str(w) for w in told.get("warnings") or [] if not str(w).startswith(_HARMLESS)]
            self._said = str(told.get("error", ""))
        except (ValueError, AttributeError, TypeError):
            pass  # no answer of a Prometheus; whoever reads its data says so

"""How a Prometheus is asked: address from the machine's owner, and a file in the form that Prometheus' own tools read.

The form is that of ``promtool --http.config.file`` (Prometheus documentation, "HTTP configuration for promtool" and
``<http_config>``): ``authorization``, ``basic_auth``, ``tls_config``, ``http_headers`` (Thanos, Mimir and Cortex take
their tenant from one). What else stands there is refused rather than left out: a file that is half obeyed asks
somebody else than its author thinks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    import requests

VARIABLE = "BASCULE_HTTP_CONFIG_PROMETHEUS"


class ClientError(Exception):
    """The file cannot be used; the message says what is wrong with it, and never quotes a value."""


def session(path: str = "") -> requests.Session:
    """Return a session that sends what the file at ``path`` says (nothing, without one), to one server only.

    Raises:
        ClientError: the file cannot be read, is no such configuration, or names a file that cannot be read.
    """
    import requests

    class Form(requests.Session):
        """What a POST asks stands in its body: addresses of some thousand characters are cut or refused on the way."""

        def request(self, method: str | bytes, url: str | bytes, *args: Any, **given: Any) -> requests.Response:
            if method == "POST" and not given.get("data"):
                given["data"] = given.pop("params", None)
            return super().request(method, url, *args, **given)

    made = Form()
    made.trust_env = False  # no proxy, no netrc: the owner of the machine named one server
    made.max_redirects = 0  # and no other gets what is sent to it
    if path:
        folder = Path(path).parent
        stated = _read(path)
        _authorize(made, stated, folder)
        _encrypt(made, _part(stated, "tls_config", ("ca_file", "cert_file", "key_file")), folder)
        made.headers.update(_headers(stated.get("http_headers"), folder))
    return made


def _read(path: str) -> Mapping[str, Any]:
    try:
        stated = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ClientError("it cannot be read") from error
    except yaml.YAMLError as error:
        raise ClientError("it is no YAML") from error
    if stated is None:
        return {}
    known = ("authorization", "basic_auth", "tls_config", "http_headers")
    return _mapping(stated, "it", known)


def _authorize(made: requests.Session, stated: Mapping[str, Any], folder: Path) -> None:
    if "authorization" in stated and "basic_auth" in stated:
        raise ClientError("`authorization` and `basic_auth` exclude each other")
    if "authorization" in stated:
        bearer = _part(stated, "authorization", ("type", "credentials", "credentials_file"))
        kind = str(bearer.get("type", "Bearer"))
        made.headers["Authorization"] = f"{kind} {_secret(bearer, 'credentials', folder)}"
    if "basic_auth" in stated:
        basic = _part(stated, "basic_auth", ("username", "username_file", "password", "password_file"))
        # As bytes: with text, requests would encode Latin-1.
        pair = tuple(_secret(basic, name, folder).encode() for name in ("username", "password"))
        made.auth = pair  # type: ignore[assignment]  # bytes are taken as well


def _encrypt(made: requests.Session, tls: Mapping[str, Any], folder: Path) -> None:
    if "ca_file" in tls:
        made.verify = str(_there(folder / str(tls["ca_file"]), "ca_file"))
    if ("cert_file" in tls) != ("key_file" in tls):
        raise ClientError("`cert_file` and `key_file` go together")
    if "cert_file" in tls:
        pair = (folder / str(tls[key]) for key in ("cert_file", "key_file"))
        made.cert = tuple(str(_there(p, "a certificate or its key")) for p in pair)  # type: ignore[assignment]  # two


def _headers(stated: Any, folder: Path) -> dict[str, str]:
    found = {}
    for name, given in (_mapping(stated, "`http_headers`") if stated is not None else {}).items():
        entry = _mapping(given, f"`{name}`", ("values", "secrets", "files"))
        values = [str(v) for key in ("values", "secrets") for v in entry.get(key) or ()]
        values += [_content(folder / str(p), name) for p in entry.get("files") or ()]
        if any(c in v for v in values for c in "\r\n"):
            raise ClientError(f"a value of `{name}` has more than one line")
        found[str(name)] = ", ".join(values)
    return found


def _secret(part: Mapping[str, Any], name: str, folder: Path) -> str:
    beside = f"{name}_file"
    if (name in part) == (beside in part):
        raise ClientError(f"one of `{name}` and `{beside}` is needed")
    return str(part[name]) if name in part else _content(folder / str(part[beside]), beside)


def _content(path: Path, what: str) -> str:
    return _there(path, what).read_text(encoding="utf-8").strip()


def _there(path: Path, what: str) -> Path:
    if not path.is_file():
        raise ClientError(f"the file of `{what}` is not there")
    return path


def _part(stated: Mapping[str, Any], name: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    return _mapping(stated[name], f"`{name}`", known) if name in stated else {}


def _mapping(given: Any, what: str, known: tuple[str, ...] | None = None) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise ClientError(f"{what} is no mapping")
    odd = [str(k) for k in given if known is not None and k not in known]
    if odd:
        raise ClientError(f"{what} has `{odd[0]}`; there is {', '.join(f'`{k}`' for k in known or ())}")
    return given

# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP client: one request at a time over connections that are kept, with retries and the errors of the contract.

It uses http.client because the HTTP code that comes with Ansible takes longer to import than a whole task takes here, and opens
a connection for every request.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import os
import random
import ssl
import time
import typing as t
import urllib.parse
import uuid

RETRIED_STATUSES = frozenset((429, 502, 503, 504))

# How many seconds a task that has no time limit of its own waits at most because the server tells it to.
PATIENCE = 120

# Idle connections by process, endpoint and CA file. The process is part of the key because a forked worker inherits the
# table, and two processes must never talk over one socket.
_idle: dict[tuple, http.client.HTTPConnection] = {}


class ApiError(Exception):
    """An answer that is not a success: an RFC 9457 problem, or whatever a proxy in between made of it."""

    def __init__(self, method: str, path: str, status: int, problem: dict[str, t.Any], request_id: str | None) -> None:
        self.method = method
        self.path = path
        self.status = status
        self.problem = problem
        self.code: str = problem.get("code") or "http_{0}".format(status)
        self.detail: str = problem.get("detail") or problem.get("title") or http.client.responses.get(status, "unexpected answer")
        self.request_id: str | None = problem.get("request_id") or request_id
        super().__init__(self.detail)

    def fields(self) -> dict[str, str]:
        """What is wrong with which field: the problem's pointers as dotted paths."""
        wrong: dict[str, str] = {}
        for entry in self.problem.get("errors") or []:
            path = ".".join(part.replace("~1", "/").replace("~0", "~") for part in entry.get("pointer", "").lstrip("/").split("/"))
            detail = entry.get("detail") or entry.get("code") or "is wrong"
            wrong[path] = "{0}; {1}".format(wrong[path], detail) if path in wrong else detail
        return wrong

    def names_hidden(self) -> bool:
        """Whether a field was sent that the token may not see."""
        return any(entry.get("code") == "hidden" for entry in self.problem.get("errors") or [])

    def described(self) -> dict[str, t.Any]:
        """The error as modules return it; never with a body that was sent."""
        described = {
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": self.request_id,
            "method": self.method,
            "path": self.path,
        }
        for member in ("children", "children_total", "existing_id", "operation_id"):
            if member in self.problem:
                described[member] = self.problem[member]
        return described


class Unreachable(Exception):
    """No answer at all, after all retries."""

    def __init__(self, method: str, path: str, endpoint: str, reason: str) -> None:
        self.method = method
        self.path = path
        self.reason = reason
        super().__init__("{0} cannot be reached: {1}".format(endpoint, reason))

    def described(self) -> dict[str, t.Any]:
        return {"status": None, "code": "unreachable", "detail": str(self), "request_id": None, "method": self.method, "path": self.path}


class Answer(t.NamedTuple):
    """A successful answer."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: t.Any


class Client:
    """Speaks to one control plane. Raises ValueError if the endpoint or the CA file is of no use."""

    def __init__(
        self,
        endpoint: str,
        token: str,
        base_path: str,
        user_agent: str,
        ca_file: str | None = None,
        timeout: float = 30,
        retries: int = 5,
        limit: float = PATIENCE,
        sleep: t.Callable[[float], None] = time.sleep,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urllib.parse.urlsplit(endpoint)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1 or parts.query or parts.fragment:
            raise ValueError("endpoint must look like https://cloud.example.com")
        if parts.username or parts.password:
            raise ValueError("endpoint must not contain credentials: use token")
        self.endpoint = endpoint.rstrip("/")
        self.catalog_version: str | None = None
        self.requests = 0
        self._scheme = parts.scheme
        self._host = parts.hostname
        self._port = port
        self._base_path = parts.path.rstrip("/") + base_path
        self._ca_file = ca_file
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep
        self._clock = clock
        self._deadline = clock() + limit
        self._headers = {"Accept": "application/json", "Authorization": "Bearer " + token, "User-Agent": user_agent}
        if any(c in token for c in "\r\n") or not token.isascii():
            raise ValueError("token has characters that no token has")
        if ca_file and not os.path.isfile(ca_file):
            raise ValueError("ca_file {0} does not exist".format(ca_file))

    def request(
        self,
        method: str,
        path: str,
        query: t.Mapping[str, t.Any] | None = None,
        body: t.Any = None,
        revision: int | None = None,
        patience: float = 0,
    ) -> Answer:
        """Sends a request, again and again where that is safe and useful.

        A pause that the server asks for is kept if it ends within the client's time limit. One that a rate limit demands is no
        failed try: what comes after it has not been tried yet.

        The path is relative to the catalog's base path; patience is what the server was asked to wait beyond the usual
        time. Raises ApiError for an answer that is no success, and Unreachable if there was none.
        """
        target = self._base_path + path
        if query:
            target += "?" + urllib.parse.urlencode([(name, _text(value)) for name, value in query.items()])
        headers = dict(self._headers)
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        if revision is not None:
            headers["If-Match"] = '"{0}"'.format(revision)

        failed = 0
        while True:
            last, limited = failed >= self._retries, False
            pause = random.uniform(0.5, 1) * min(0.25 * 2**failed, 15)
            try:
                status, answered, content = self._exchange(method, target, payload, headers, self._timeout + patience)
            except ssl.SSLCertVerificationError as err:
                raise Unreachable(method, path, self.endpoint, "its certificate is not trusted: {0}".format(err.verify_message)) from err
            except (OSError, http.client.HTTPException) as err:
                if last:
                    raise Unreachable(method, path, self.endpoint, _reason(err)) from err
            else:
                if status < 300:
                    return Answer(status, answered, self._decode(method, path, status, answered, content))
                error = ApiError(method, path, status, _problem(content), answered.get("x-request-id"))
                asked = _retry_after(answered.get("retry-after"))
                limited = status == 429 and asked > 0
                again = status in RETRIED_STATUSES or error.code == "idempotency_in_progress"
                if not again or (last and not limited) or (asked and self._clock() + asked > self._deadline):
                    raise error
                pause = max(pause, asked)
            self._sleep(pause)
            failed += not limited

    def _decode(self, method: str, path: str, status: int, headers: dict[str, str], content: bytes) -> t.Any:
        self.catalog_version = headers.get("demarc-catalog")
        if not content:
            return None
        try:
            return json.loads(content)
        except ValueError as err:
            problem = {"code": "malformed_answer", "detail": "the answer is not JSON: is {0} the endpoint of a control plane?".format(self.endpoint)}
            raise ApiError(method, path, status, problem, headers.get("x-request-id")) from err

    def _exchange(self, method: str, target: str, payload: bytes | None, headers: dict[str, str], timeout: float) -> tuple[int, dict[str, str], bytes]:
        """One request and its answer. A kept connection that the server has closed meanwhile is replaced without a fuss."""
        key = (os.getpid(), self._scheme, self._host, self._port, self._ca_file)
        kept = _idle.pop(key, None)
        if kept is not None:
            try:
                return self._send(key, kept, method, target, payload, headers, timeout)
            except (ConnectionError, http.client.BadStatusLine, ssl.SSLError):
                pass
        return self._send(key, self._connect(), method, target, payload, headers, timeout)

    def _connect(self) -> http.client.HTTPConnection:
        if self._scheme == "http":
            return http.client.HTTPConnection(self._host, self._port)
        return http.client.HTTPSConnection(self._host, self._port, context=ssl.create_default_context(cafile=self._ca_file))

    def _send(
        self,
        key: tuple,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        payload: bytes | None,
        headers: dict[str, str],
        timeout: float,
    ) -> tuple[int, dict[str, str], bytes]:
        self.requests += 1
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        try:
            connection.request(method, target, body=payload, headers=headers)
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            _idle[key] = connection
        return response.status, {name.lower(): value for name, value in response.getheaders()}, content


def _text(value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(_text(one) for one in value)
    return str(value)


def _problem(content: bytes) -> dict[str, t.Any]:
    try:
        problem = json.loads(content)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _reason(err: Exception) -> str:
    return getattr(err, "strerror", None) or str(err) or type(err).__name__


def _retry_after(value: str | None) -> float:
    """Seconds that a Retry-After header asks for, which is a number of them or a date; 0 without one."""
    if not value:
        return 0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0

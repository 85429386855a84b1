# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP client: connections, retries, errors."""

from __future__ import annotations

import datetime
import email.utils
import ipaddress
import pathlib
import ssl
import threading
import time
import typing as t

import pytest

from ansible_collections.demarc.cloud.plugins.module_utils._client import ApiError, Client, Unreachable
from ansible_collections.demarc.cloud.tests.unit.plugins.module_utils.contract_server import BASE, TOKEN, ContractServer, Problem


@pytest.fixture(name="slept")
def _slept() -> list[float]:
    return []


def made(server: ContractServer, slept: list[float], **options: t.Any) -> Client:
    return Client(options.pop("endpoint", server.endpoint), options.pop("token", TOKEN), BASE, "demarc.cloud/test", sleep=slept.append, **options)


def hang_up(request: t.Any) -> tuple[int, dict[str, str], t.Any]:
    return 0, {}, None


def refusing(status: int, code: str, **headers: str) -> t.Callable[[t.Any], t.Any]:
    def act(request: t.Any) -> t.Any:
        problem = Problem(status, code, "not now")
        problem.headers = headers
        raise problem

    return act


def test_requests_share_one_connection(server: ContractServer, slept: list[float]) -> None:
    for client in (made(server, slept), made(server, slept)):
        for unused in range(3):
            assert client.request("GET", "/images", {"page_size": 1}).status == 200
    assert server.connections == 1


def test_a_request_says_who_sends_it(server: ContractServer, slept: list[float]) -> None:
    made(server, slept).request("GET", "/images")
    headers = server.store.requests[-1].headers
    assert headers["user-agent"] == "demarc.cloud/test"
    assert headers["authorization"] == "Bearer " + TOKEN


def test_a_connection_that_was_closed_meanwhile_is_replaced_at_once(server: ContractServer, slept: list[float]) -> None:
    client = made(server, slept)
    client.request("GET", "/images")
    server.on("POST", "/images", hang_up)
    assert client.request("POST", "/images", body={"name": "one"}).body["name"] == "one"
    keys = [one.headers["idempotency-key"] for one in server.sent("POST")]
    assert len(keys) == 2 and len(set(keys)) == 1
    assert not slept


def test_a_create_whose_answer_was_lost_creates_once(server: ContractServer, slept: list[float]) -> None:
    def handle_and_hang_up(request: t.Any) -> t.Any:
        server.store.handle(request)
        return 0, {}, None

    client = made(server, slept)
    server.on("POST", "/images", handle_and_hang_up)
    answer = client.request("POST", "/images", body={"name": "one"})
    assert answer.body["name"] == "one"
    assert [one["name"] for one in server.store.objects["image"].values()].count("one") == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_what_may_pass_is_tried_again(server: ContractServer, slept: list[float], status: int, method: str) -> None:
    image = next(iter(server.store.objects["image"]))
    path = "/images" if method == "POST" else "/images/" + image
    body = {"POST": {"name": "one"}, "PATCH": {"notes": "x"}}.get(method)
    for unused in range(2):
        server.on(method, path, refusing(status, "unavailable"))
    assert made(server, slept).request(method, path, body=body).status < 300
    assert len(slept) == 2 and 0.1 <= slept[0] <= 0.25 and 0.2 <= slept[1] <= 0.5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_what_will_not_pass_is_not_tried_again(server: ContractServer, slept: list[float], status: int) -> None:
    server.on("GET", "/images", refusing(status, "no"))
    with pytest.raises(ApiError) as caught:
        made(server, slept).request("GET", "/images")
    assert caught.value.status == status and not slept
    assert caught.value.described() == {
        "status": status,
        "code": "no",
        "detail": "not now",
        "request_id": "req_1",
        "method": "GET",
        "path": "/images",
    }


def test_retry_after_is_obeyed_as_a_number_and_as_a_date(server: ContractServer, slept: list[float]) -> None:
    server.on("GET", "/images", refusing(429, "rate_limited", **{"Retry-After": "7"}))
    server.on("GET", "/images", refusing(503, "unavailable", **{"Retry-After": email.utils.formatdate(time.time() + 60, usegmt=True)}))
    server.on("GET", "/images", refusing(503, "unavailable", **{"Retry-After": "soon"}))
    made(server, slept).request("GET", "/images")
    assert slept[0] == 7 and 50 < slept[1] <= 60 and slept[2] < 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_beyond_the_time_limit_is_reported_instead(server: ContractServer, slept: list[float], status: int) -> None:
    for asked in ("61", email.utils.formatdate(time.time() + 90, usegmt=True)):
        server.on("GET", "/images", refusing(status, "not_now", **{"Retry-After": asked}))
        with pytest.raises(ApiError) as caught:
            made(server, slept, limit=60).request("GET", "/images")
        assert caught.value.status == status
    assert not slept


def test_a_rate_limit_is_waited_for_until_the_time_limit_however_often(server: ContractServer) -> None:
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    for unused in range(12):
        server.on("GET", "/images", refusing(429, "rate_limited", **{"Retry-After": "7"}))
    client = Client(server.endpoint, TOKEN, BASE, "demarc.cloud/test", retries=1, limit=60, sleep=sleep, clock=lambda: now[0])
    with pytest.raises(ApiError) as caught:
        client.request("GET", "/images")
    assert caught.value.code == "rate_limited" and now[0] == 1056.0, "eight pauses of seven seconds fit into a minute"
    assert len(server.store.requests) == 9
    client = Client(server.endpoint, TOKEN, BASE, "demarc.cloud/test", retries=0, limit=60, sleep=sleep, clock=lambda: now[0])
    assert client.request("GET", "/images").status == 200
    assert now[0] == 1056.0 + 21.0, "a pause that is asked for is no failed try"


def test_a_rate_limit_that_says_no_time_is_a_failed_try(server: ContractServer, slept: list[float]) -> None:
    for unused in range(3):
        server.on("GET", "/images", refusing(429, "rate_limited"))
    with pytest.raises(ApiError):
        made(server, slept, retries=1).request("GET", "/images")
    assert len(slept) == 1


def test_retries_come_to_an_end(server: ContractServer, slept: list[float]) -> None:
    for unused in range(3):
        server.on("GET", "/images", refusing(503, "unavailable"))
    with pytest.raises(ApiError) as caught:
        made(server, slept, retries=2).request("GET", "/images")
    assert caught.value.code == "unavailable" and len(slept) == 2


def test_a_server_that_is_not_there_is_tried_again_and_then_reported(server: ContractServer, slept: list[float]) -> None:
    client = made(server, slept, endpoint="http://127.0.0.1:1", retries=3)
    with pytest.raises(Unreachable) as caught:
        client.request("GET", "/images")
    assert "http://127.0.0.1:1 cannot be reached" in str(caught.value) and "refused" in str(caught.value)
    assert len(slept) == 3


def test_an_answer_that_never_comes_is_given_up(server: ContractServer, slept: list[float]) -> None:
    late = threading.Event()

    def hold(request: t.Any) -> t.Any:
        assert late.wait(10)
        return None

    server.on("GET", "/images", hold)
    with pytest.raises(Unreachable) as caught:
        made(server, slept, timeout=0.05, retries=0).request("GET", "/images")
    late.set()
    assert "timed out" in str(caught.value)


def test_something_else_than_a_control_plane_is_recognised(server: ContractServer, slept: list[float]) -> None:
    server.on("GET", "/images", lambda request: (200, {"Content-Type": "text/html"}, "<html>Welcome</html>"))
    with pytest.raises(ApiError) as caught:
        made(server, slept).request("GET", "/images")
    assert caught.value.code == "malformed_answer" and server.endpoint in caught.value.detail
    server.on("GET", "/images", lambda request: (418, {}, "<html>teapot</html>"))
    with pytest.raises(ApiError) as caught:
        made(server, slept).request("GET", "/images")
    assert caught.value.code == "http_418" and caught.value.detail == "I'm a Teapot"


def test_wrong_fields_come_as_dotted_paths(server: ContractServer, slept: list[float]) -> None:
    errors = [
        {"pointer": "/address/country", "code": "pattern", "detail": "is no country"},
        {"pointer": "/labels/a~1b", "code": "max_length", "detail": "is too long"},
        {"pointer": "/labels/a~1b", "code": "pattern", "detail": "is odd"},
    ]

    def act(request: t.Any) -> t.Any:
        raise Problem(422, "invalid", "2 fields are wrong", errors=errors)

    server.on("GET", "/images", act)
    with pytest.raises(ApiError) as caught:
        made(server, slept).request("GET", "/images")
    assert caught.value.fields() == {"address.country": "is no country", "labels.a/b": "is too long; is odd"}


@pytest.mark.parametrize(
    "endpoint",
    ["cloud.example.com", "ftp://cloud.example.com", "https://", "https://user:pass@cloud.example.com", "https://cloud.example.com:port", "https://a?b=c"],
)
def test_an_endpoint_of_no_use_is_refused(server: ContractServer, slept: list[float], endpoint: str) -> None:
    with pytest.raises(ValueError, match="endpoint must"):
        made(server, slept, endpoint=endpoint)


def test_a_token_cannot_smuggle_headers(server: ContractServer, slept: list[float]) -> None:
    with pytest.raises(ValueError) as caught:
        made(server, slept, token="one\r\nX-Evil: two")
    assert "Evil" not in str(caught.value)


def test_an_endpoint_may_have_a_path(server: ContractServer, slept: list[float]) -> None:
    server.on("GET", "", lambda request: (200, {}, {"seen": True}))
    assert made(server, slept, endpoint=server.endpoint + "/cloud/").request("GET", "/images").body == {"seen": True}


@pytest.fixture(name="certificate", scope="module")
def _certificate(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A certificate of 127.0.0.1 that has signed itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "demarc test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = signed.public_bytes(serialization.Encoding.PEM)
    pem += key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(pem)
    return file


def test_a_certificate_is_checked_against_the_ca_file(server: ContractServer, slept: list[float], certificate: pathlib.Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    endpoint = server.endpoint.replace("http:", "https:")
    with pytest.raises(Unreachable, match="certificate is not trusted"):
        made(server, slept, endpoint=endpoint).request("GET", "/images")
    assert not slept
    client = made(server, slept, endpoint=endpoint, ca_file=str(certificate))
    for unused in range(3):
        assert client.request("GET", "/images").status == 200
    assert server.connections == 1 + 1, "one that was refused, one that was kept"


def test_a_ca_file_that_is_missing_is_named(server: ContractServer, slept: list[float]) -> None:
    with pytest.raises(ValueError, match="ca_file /nowhere/ca.pem does not exist"):
        made(server, slept, ca_file="/nowhere/ca.pem")

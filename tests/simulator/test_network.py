# SPDX-License-Identifier: GPL-3.0-or-later
"""Posts of the simulated .NET, and the effect of the answers."""

from __future__ import annotations

import http.server
import threading
from urllib.parse import parse_qs

import pytest
from test_simulated_meter import Bench

from wattui.protocol.posts import POST_NAMES
from wattui.simulator.network import HttpPoster, Post


class Web:
    """A poster that collects the posts and answers each one with the same text at once."""

    def __init__(self, answer: str = "") -> None:
        self.posts: list[Post] = []
        self.answer = answer
        self._answers: list[str] = []

    def post(self, post: Post) -> None:
        self.posts.append(post)
        self._answers.append(self.answer)

    def answers(self) -> list[str]:
        answers, self._answers = self._answers, []
        return answers

    def fields(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.posts[-1].body).items()}


def test_one_post_per_interval_with_the_chosen_fields_and_no_time_stamp() -> None:
    web = Web()
    bench = Bench("net", poster=web, serial_number="W0042")
    bench.ask(b"#I,X,5,lab.example,8080,/power,agent,20;#L,W,3,T,_,20;")
    bench.hear(60.5)
    assert len(web.posts) == 3
    post = web.posts[0]
    assert (post.host, post.port, post.file, post.user_agent) == (
        "lab.example",
        8080,
        "/power",
        "agent",
    )
    fields = web.fields()
    names = ["id", *POST_NAMES, "rnc", "sr"]
    assert list(fields) == names
    assert set(names) == {
        "id",
        "w",
        "v",
        "a",
        "wh",
        "wmx",
        "vmx",
        "amx",
        "wmi",
        "vmi",
        "ami",
        "pf",
        "pcy",
        "frq",
        "va",
        "rnc",
        "sr",
    }
    assert (fields["id"], fields["rnc"], fields["sr"]) == ("42", "0", "20")
    assert bench.ask(b"#S,R,0;") == b"#s,-,3,_,20,2;"
    bench.ask(b"#C,W,18,1,1,1,1" + b",0" * 11 + b",1,1,1;")
    bench.hear(20.0)
    assert ",".join(web.fields()) == "id,w,v,a,wh,pcy,frq,va,rnc,sr"


@pytest.mark.parametrize(
    ("answer", "relay", "interval"),
    [
        ("[0]", False, 10),
        ("[1]", True, 10),
        ("[0!4]", False, 4),
        ("<p>[1!4]</p>", True, 4),
        ("[ 1 ]", False, 10),
        ("[2]", False, 10),
        ("[0!0]", False, 10),
        ("nothing", False, 10),
    ],
)
def test_the_answer_steers_relay_and_interval(answer: str, relay: bool, interval: int) -> None:
    web = Web(answer)
    bench = Bench("net", poster=web)
    bench.ask(b"#L,W,3,T,_,10;")
    bench.hear(10.0)
    assert bench.meter.display.relay_open is relay
    assert bench.meter.interval == interval
    bench.hear(10.0)
    assert web.fields()["rnc"] == str(int(relay))
    assert (web.fields()["w"] == "0") is relay


def test_the_meter_prints_what_an_answer_did_to_it() -> None:
    web = Web("[0!4]")
    bench = Bench("net", poster=web)
    bench.ask(b"#L,W,3,T,_,10;")
    assert bench.hear(11.0) == (
        b"net_update_rate_from_server(4) net_config_write_to_nv(), CRC8 pre-write verify OKAY."
    )
    assert bench.hear(4.0) == b"No change; interval already ==4"


def test_without_a_poster_nothing_goes_out_and_nothing_fails() -> None:
    bench = Bench("net")
    bench.ask(b"#L,W,3,T,_,1;")
    bench.hear(5.0)
    assert bench.meter.network.posted == 5
    assert bench.ask(b"#L,R,0;") == b"#l,-,2,5,1;"
    bench.hear(5.0)
    assert bench.meter.network.posted == 5


def test_a_real_post_is_http_1_0() -> None:
    seen: list[tuple[str, str, str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            kind = self.headers["Content-Type"]
            seen.append((self.request_version, self.path, kind, body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[1!4]")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        poster = HttpPoster()
        poster.post(Post("127.0.0.1", server.server_port, "/power", "agent", "id=1&w=0"))
        thread.join(20.0)
        for worker in threading.enumerate():
            if worker.name == "wattui post":
                worker.join(20.0)
    assert seen == [("HTTP/1.0", "/power", "application/x-www-form-urlencoded", "id=1&w=0")]
    assert poster.answers() == ["[1!4]"]
    assert poster.answers() == []


def test_a_failed_post_has_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    poster = HttpPoster(timeout=1.0)
    poster.post(Post("127.0.0.1", 1, "/", "agent", ""))
    for worker in threading.enumerate():
        if worker.name == "wattui post":
            worker.join(20.0)
    assert poster.answers() == []
    assert "failed" in caplog.text

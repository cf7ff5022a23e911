#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Asks a server of language models one question after the other, and measures when the tokens of its answers come.
"""Prints tokens a second, the median and the 99th percentile of the time from one token of an answer to the next, and the
median time to the first, in milliseconds. Any server with OpenAI's API will do.

usage: tests/bench/tokens.py URL SECONDS [--model NAME]      (URL: http://127.0.0.1:8080/v1)
"""
import argparse
import http.client
import json
import math
import statistics
import time
import urllib.parse

TOKENS = 128  # of one answer: short, so that what was said before does not make tokens slower
QUESTION = "x" * 64


def has_token(line: bytes) -> bool:
    """Whether this line of the stream brings text, and not only who speaks, why it ends, or what was counted."""
    if not line.startswith(b"data: {"):
        return False
    choices = json.loads(line.removeprefix(b"data: ")).get("choices")
    delta = choices[0].get("delta", {}) if choices else {}
    return bool(delta.get("content") or delta.get("reasoning_content"))


class Client:
    def __init__(self, url: str, model: str | None):
        self.server = urllib.parse.urlsplit(url)
        # llama-server and vLLM go on after an end with ignore_eos, others leave it out. Nothing is to be known already.
        self.question = {"messages": [{"role": "user", "content": QUESTION}], "stream": True, "max_tokens": TOKENS,
                         "ignore_eos": True, "cache_prompt": False, **({"model": model} if model else {})}
        self.first, self.gaps = [], []  # seconds

    def ask(self, end: float):
        """One question; its answer is left when it is `end` by the clock, but not before two tokens of any answer."""
        connection = http.client.HTTPConnection(self.server.hostname, self.server.port or 80, timeout=60)
        begin = time.perf_counter()
        connection.request("POST", f"{self.server.path}/chat/completions", json.dumps(self.question),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"{answer.status} {answer.reason}: {answer.read(1000).decode(errors='replace')}")
        last = None
        while line := answer.readline():
            if not has_token(line):
                continue
            now = time.perf_counter()
            if last is None:
                self.first.append(now - begin)
            else:
                self.gaps.append(now - last)
            last = now
            if now > end and self.gaps:
                break
        connection.close()

    def figures(self) -> dict[str, float]:
        gaps = sorted(self.gaps)
        if not gaps:
            raise SystemExit("no answer with two tokens has come")
        return {"tokens_per_s": len(gaps) / sum(gaps), "gap_p50_ms": 1000 * statistics.median(gaps),
                "gap_p99_ms": 1000 * gaps[math.ceil(0.99 * len(gaps)) - 1],
                "first_ms": 1000 * statistics.median(self.first), "tokens": len(self.first) + len(gaps)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--model", help="as the server calls it; llama-server needs none")
    options = parser.parse_args()
    client = Client(options.url, options.model)
    end = time.perf_counter() + options.seconds
    while time.perf_counter() < end:
        client.ask(end)
    print(" ".join(f"{name}={value:.2f}" for name, value in client.figures().items()))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
prefork.py WORKERS REQUESTS LIFE: a server that forks its workers before they
are needed, as gunicorn does. Each accepts connections on one socket of the
loopback, answers each request by handle(), and ends after LIFE of them; another
one takes its place. REQUESTS requests are made by threads of a client that
this process forks. Says "ready", waits for a line, and prints how often
handle() was called, how often of these by the workers that were there before,
and how many answers were wrong.
"""
import os
import socket
import sys
import threading
import time


def handle(number):
    return str(number * number + 1).encode()


def work(listener, life, tally, is_first):
    calls = 0
    while calls < life:
        connection, _ = listener.accept()
        with connection:
            line = connection.makefile("rb").readline()
            if not line:  # the end was told
                break
            calls += 1
            connection.sendall(handle(int(line)))
    os.write(tally, b"%d %d\n" % (is_first, calls))
    os._exit(0)


def ask(address, numbers, wrong):
    for number in numbers:
        with socket.create_connection(address) as connection:
            connection.sendall(b"%d\n" % number)
            if connection.makefile("rb").read() != str(number * number + 1).encode():
                wrong.append(number)


def be_client(address, requests):
    wrong = []
    askers = [threading.Thread(target=ask, args=(address, range(first, requests, 4), wrong)) for first in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    os._exit(min(len(wrong), 100))


def start_worker(listener, life, tally, is_first=False):
    child = os.fork()
    if child == 0:
        work(listener, life, tally, is_first)
    return child


def main():
    workers, requests, life = (int(word) for word in sys.argv[1:4])
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    from_workers, tally = os.pipe()
    alive = {start_worker(listener, life, tally, True) for _ in range(workers)}
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    client = os.fork()
    if client == 0:
        be_client(listener.getsockname(), requests)
    forked, status = workers, None
    while status is None:
        child, its_status = os.wait()
        if child == client:
            status = its_status
            took = time.monotonic() - began
            continue
        alive.discard(child)
        alive.add(start_worker(listener, life, tally))
        forked += 1
    while alive:  # one empty connection ends one worker
        socket.create_connection(listener.getsockname()).close()
        child, _ = os.wait()
        alive.discard(child)
    os.close(tally)
    with os.fdopen(from_workers) as counts:
        calls = [0, 0]
        for line in counts:
            is_first, its_calls = line.split()
            calls[int(is_first)] += int(its_calls)
    print(f"@calls: {sum(calls)}")
    print(f"by the first: {calls[1]}")
    print(f"workers: {forked}")
    print(f"wrong: {os.waitstatus_to_exitcode(status)}")
    print(f"{requests / took:.0f} requests a second", file=sys.stderr)


main()

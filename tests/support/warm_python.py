"""A Python that has torch and fairseq in memory, and runs each command in a fork of itself.

To import them takes longer than most of the commands that tests run.

    warm_python.py serve SOCKET PYTHON MODULES...  waits for commands, until its standard input ends
    warm_python.py run SOCKET ...  has "python ..." run there; PYTHON is a script for this

A command has its caller's streams, folder, environment and exit status, and finds no more imported
than the modules, nothing of this project. It is killed when its caller is. What Python reads when
it starts, such as PYTHONHASHSEED, changes nothing.
"""

import array
import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import Any, Dict, List

STREAMS = (0, 1, 2)
LENGTH = struct.Struct("!I")


def run(address: str, arguments: List[str]) -> int:
    """Has a command run by the server at ``address``; returns its exit status."""
    request = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
    data = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", STREAMS))
        server.sendmsg([LENGTH.pack(len(data))], [rights])
        server.sendall(data)
        status = int(_read(server, 8))
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    return os.WEXITSTATUS(status)


def serve(address: str, python: str, *modules: str) -> None:
    """Runs commands in forks, as many at a time as are asked for."""
    import multiprocessing.spawn  # before sys.executable changes, from which it would start

    del multiprocessing
    for name in modules:
        with contextlib.suppress(ModuleNotFoundError):  # where the text side alone is installed
            importlib.import_module(name)
    gc.freeze()  # or each collection of a command goes through all that was imported
    sys.executable = python  # what commands run
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _tell_status(connection)
                os._exit(0)
            connection.close()
            with contextlib.suppress(ChildProcessError):  # all are through, this one too
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _tell_status(connection: socket.socket) -> None:
    """Runs the command that the connection asks for and answers with its wait status."""
    rights = array.array("i")
    room = socket.CMSG_SPACE(len(STREAMS) * rights.itemsize)
    length, ancillary, _, _ = connection.recvmsg(LENGTH.size, room)
    rights.frombytes(ancillary[0][2])
    request = json.loads(_read(connection, LENGTH.unpack(length)[0]))
    process = os.fork()
    if process == 0:
        os.setpgid(0, 0)  # with all that it starts
        connection.close()
        for received, stream in zip(rights, STREAMS):
            os.dup2(received, stream)
            os.close(received)
        os._exit(_execute(request))
    done, status = 0, 0
    while not done:
        if select.select([connection], [], [], 0.01)[0]:  # closed: the caller was killed
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            return
        done, status = os.waitpid(process, os.WNOHANG)
    connection.sendall(b"%8d" % status)


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError("the warm Python is gone")
        data += part
    return data


def _execute(request: Dict[str, Any]) -> int:
    """Does what "python ARGUMENTS" does in a process of its own; returns its exit code."""
    import logging

    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What was imported first had its say about logs; in a new Python the command has.
    for handler in logging.root.handlers[:]:
        logging.root.removeHandler(handler)
    logging.root.setLevel(logging.WARNING)
    first, *others = request["arguments"]
    found = filter(None, request["environment"].get("PYTHONPATH", "").split(os.pathsep))
    code = 0
    try:
        if first == "-m":
            sys.argv = others
            sys.path[:1] = [request["folder"], *found]
            runpy.run_module(others[0], run_name="__main__", alter_sys=True)
        elif first == "-c":
            sys.argv = ["-c", *others[1:]]
            sys.path[:1] = ["", *found]
            exec(compile(others[0], "<string>", "exec"), {"__name__": "__main__"})
        else:
            sys.argv = [first, *others]
            sys.path[:1] = [str(Path(first).resolve().parent), *found]
            runpy.run_path(first, run_name="__main__")
    except SystemExit as end:
        code = _code(end)
    except BaseException:
        code = 1
        try:
            sys.excepthook(*sys.exc_info())  # which a program may have replaced
        except SystemExit as end:
            code = _code(end)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _code(end: SystemExit) -> int:
    if isinstance(end.code, int) or end.code is None:
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        sys.exit(run(sys.argv[2], sys.argv[3:]))

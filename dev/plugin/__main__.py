"""`pulumi-resource-kubernetes ENGINE`: serves the double to the engine at that address, until the engine exits."""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from dev.plugin.engine_log import EngineLog
from dev.plugin.provider import KubernetesProvider

_MEBIBYTE = 2**20


def main() -> None:
    """Serve on a free port, which the first line of the output gives to the engine."""
    engine = os.getppid()
    # The engine ends a plugin, which is in a process group that Ctrl-C does not reach, by these signals, and kills it
    # after 5 s. No step is in progress then: an interrupted `up` calls Cancel first and waits for its steps.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    server = grpc.server(
        ThreadPoolExecutor(max_workers=1024),  # A waiting step occupies a thread, and the engine runs many at once.
        options=[("grpc.max_receive_message_length", 400 * _MEBIBYTE), ("grpc.max_send_message_length", -1)],
    )
    provider = KubernetesProvider(EngineLog(sys.argv[1] if len(sys.argv) > 1 else ""))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while os.getppid() == engine:  # A killed engine does not end its plugins.
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    main()

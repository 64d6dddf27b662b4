"""`pulumi-resource-kubernetes ENGINE`: serve the double to the engine at that address, until the engine is gone."""

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
    """Serve on a free port, told to the engine on the first line of standard output."""
    engine = os.getppid()
    # How the engine ends a plugin, kept in a process group of its own that Ctrl-C does not reach; it kills what has not
    # gone after 5 s. By then nothing is under way: an interrupted `up` has called Cancel and seen its steps end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    server = grpc.server(
        ThreadPoolExecutor(max_workers=1024),  # Waits hold their thread; as many as the engine has steps at once.
        options=[("grpc.max_receive_message_length", 400 * _MEBIBYTE), ("grpc.max_send_message_length", -1)],
    )
    provider = KubernetesProvider(EngineLog(sys.argv[1] if len(sys.argv) > 1 else ""))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while os.getppid() == engine:  # An engine that is killed says nothing, and would leave us behind.
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    main()

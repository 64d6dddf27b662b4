"""A database, as far as a client of its VIP can tell: whoever connects is told which one it is. Runs in the machine."""

import socket
import sys


def main(answer: str) -> None:
    """Answer each connection, without an end."""
    with socket.create_server(("", 5432), backlog=100) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                connection.sendall(answer.encode())


if __name__ == "__main__":
    main(sys.argv[1])

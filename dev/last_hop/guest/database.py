"""A database, as far as clients of the last hop can tell: whoever connects is told which one it is."""

import socket
import sys

with socket.create_server(("", 5432), backlog=100) as server:
    while True:
        connection, _ = server.accept()
        with connection:
            connection.sendall(sys.argv[1].encode())

"""`az` on the PATH: hands its arguments and files to az_server.py and ends as the command does."""

import array
import json
import os
import socket
import sys

asked = {"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd()}
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(os.environ["DOUBLE_AZ"])
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))]
    message = json.dumps(asked).encode() + b"\n"
    sent = connection.sendmsg([message], rights)
    connection.sendall(message[sent:])
    status = connection.makefile().readline()
sys.exit(int(status) if status else 1)

"""The rows of the matrix."""

from tests.support.matrix import admission, api_server, engine

FAULTS = (*api_server.FAULTS, *admission.FAULTS, *engine.FAULTS)

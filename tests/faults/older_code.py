"""``dask worker --preload older_code``: a worker whose Rebal is not ours."""

from rebal_core.experiment import version

version.code_version = lambda rooms: "0" * 16

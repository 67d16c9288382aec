"""``dask worker --preload older_code``: a worker whose Rebal is not ours."""

from rebal_core.experiment import version

version.same_code = lambda: "0" * 16

"""The contenders, each run in a process of its own: ``python -m bench.cases.TASK NAME FOLDER`` prints its answer."""

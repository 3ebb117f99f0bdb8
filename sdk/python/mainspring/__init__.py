"""Jobs in Python for Mainspring: worker and client. Standard library only, Python 3.9 or newer.

    from mainspring import job, Worker

    @job("count-words", retry={"attempts": 5}, timeout="2m")
    def count_words(input, task):
        task.log.info("counting")
        return len(input["text"].split())

    Worker([count_words]).run()          # or: python -m mainspring worker jobs.py
"""

from .client import Client, Run, RunCancelled, RunFailed, RunTimedOut
from .http import Refused, Unreachable
from .jobs import Abort, Job, RetryAfter, Skip, Snooze, job
from .streams import StreamRefused
from .task import Stopped, Task
from .worker import Worker

__all__ = [
    "Abort", "Client", "Job", "Refused", "RetryAfter", "Run", "RunCancelled", "RunFailed", "RunTimedOut", "Skip", "Snooze", "Stopped", "StreamRefused", "Task",
    "Unreachable", "Worker", "job",
]
__version__ = "0.1.0"

"""python -m mainspring worker FILE.py..."""

import argparse
import importlib.util
import logging
import os
import sys

from . import __version__
from .jobs import Job
from .printed import print_to_log
from .worker import Worker

DONE, FAILED, REFUSED = 0, 1, 2


def main(given=None):
    parser = argparse.ArgumentParser(prog="python -m mainspring", description="Jobs in Python for Mainspring.")
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    worker = verbs.add_parser("worker", help="run the jobs of these files")
    worker.add_argument("files", nargs="+", metavar="FILE.py")
    worker.add_argument("--airflow", action="store_true", help="the files are DAG files of Airflow: each Python callable in them is a job")
    worker.add_argument("--slots", type=int, default=10, help="attempts at a time (10)")
    worker.add_argument("--queues", help="only these queues, with commas between them")
    worker.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", help="what this worker is, for jobs that ask for it (repeatable)")
    worker.add_argument("--name", help="what people call this worker (host and process)")
    worker.add_argument("--grace", type=float, default=10.0, help="seconds that handlers have to end when it stops (10)")
    worker.add_argument("--url", help="of the server; several nodes with commas between them (MAINSPRING_URL)")
    worker.add_argument("--namespace", help="(MAINSPRING_NAMESPACE)")
    asked = parser.parse_args(given)
    try:
        jobs = airflow_jobs(asked.files) if asked.airflow else [job for file in asked.files for job in jobs_of(file)]
        labels = dict(one.split("=", 1) for one in asked.label)
        served = Worker(
            jobs, slots=asked.slots, url=asked.url, namespace=asked.namespace, queues=asked.queues.split(",") if asked.queues else None, labels=labels,
            name=asked.name, grace=asked.grace, say=lambda text: print(text, flush=True),
        )
    except (OSError, ValueError, ImportError) as error:
        print(f"{error}", file=sys.stderr)
        return REFUSED
    print_to_log()
    if asked.airflow:  # what a callable logs goes where it prints
        logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    served.run()
    return DONE


def jobs_of(file):
    """Every job that the file has at its top level."""
    module = load(file)
    jobs = {id(value): value for value in vars(module).values() if isinstance(value, Job)}
    if not jobs:
        raise ValueError(f"{file} has no job: put @job(\"name\") over a function")
    return jobs.values()


def load(file):
    if not os.path.isfile(file):
        raise FileNotFoundError(f"there is no file {file}")
    name = os.path.splitext(os.path.basename(file))[0]
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def airflow_jobs(files):
    """As Airflow has it, one that does not load is told, and the others are served."""
    from .airflow import jobs_of_dags
    from .airflow_sensors import JOBS

    jobs, broken = {}, []
    for file in files:
        try:
            found = jobs_of_dags(file)
        except Exception as error:  # whatever the file raises
            broken.append(f"{file}: {type(error).__name__}: {error}")
            continue
        for job in found:
            if job.name in jobs:
                print(f"{file}: {job.name} is in another of these files, too: left out here", file=sys.stderr)
            else:
                jobs[job.name] = job
    if len(broken) == len(files):
        raise ImportError("\n".join(broken))
    for text in broken:
        print(f"left out: {text}", file=sys.stderr)
    return [*jobs.values(), *JOBS]


if __name__ == "__main__":
    # Jobs are made by the module that their file imports: this one has another name then.
    sys.exit(main())

"""The DAGs of ../../dags.ts."""

from airflow.sdk import dag, task


@task
def ok(*_):
    return "ok"


@dag(schedule=None)
def ten():
    first = ok.override(task_id="first")()
    middle = [ok.override(task_id=f"middle-{n}")(first) for n in range(8)]
    ok.override(task_id="last")(*middle)


@dag(schedule=None)
def wide():
    @task
    def items():
        return list(range(1_000))

    @task
    def each(n):
        return n

    @task
    def join(every):
        return len(every)

    join(each.expand(n=items()))


ten()
wide()

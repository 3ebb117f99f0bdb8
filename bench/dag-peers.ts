import { AIRFLOW_CASES } from './airflow.ts'
import type { Case } from './cases.ts'
import { FLOW_PEER_CASES } from './flow-peers.ts'

/** The fan-out of durable workflows, beside that of our DAGs; and Airflow. */
export const DAG_PEER_CASES: readonly Case[] = [
  ...FLOW_PEER_CASES.filter(({ name }) => name.endsWith('-more')).map(one => ({ ...one, name: one.name.replace('flow-', 'dag-') })),
  ...AIRFLOW_CASES,
]

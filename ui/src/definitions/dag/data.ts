import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type DagGraph, graphQuery, gridQuery } from '../../api/dags.ts'
import { type Graphs, numbersOf } from './rows.ts'

/** Versions whose graphs are read beside the newest: of runs further back only what these have, too, is shown. */
const VERSIONS_MAX = 12

/** The newest runs, and the graphs that they go by. */
export function useGrid(namespace: string, name: string) {
  const grid = useInfiniteQuery(gridQuery(namespace, name))
  const newest = useQuery(graphQuery(namespace, name, null))
  const runs = useMemo(() => grid.data?.pages.flatMap(page => page.runs) ?? [], [grid.data])
  const versions = [...new Set(runs.map(({ version }) => version))].filter(version => version !== newest.data?.version).slice(0, VERSIONS_MAX)
  const others = useQueries({
    queries: newest.data === undefined ? [] : versions.map(version => graphQuery(namespace, name, version)),
    combine: results => results.flatMap(({ data }): DagGraph[] => (data === undefined ? [] : [data])),
  })
  const graphs = useMemo<Graphs>(
    () => new Map([...(newest.data === undefined ? [] : [newest.data]), ...others].map(graph => [graph.version, graph])),
    [newest.data, others],
  )
  const numbers = useMemo(() => numbersOf(graphs), [graphs])
  return { grid, newest, runs, graphs, numbers }
}

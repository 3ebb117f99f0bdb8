import type { Engine } from '../engine/face.ts'
import { MOVE_SETTING, type Standing } from '../store/move/standing.ts'

/** The move into this store that is not done, whether somebody goes on with it or nobody; null: none. */
export function moveUnderWay(engine: Pick<Engine, 'settings'>): { file: string; host: string; since: string } | null {
  const [found] = engine.settings.get(MOVE_SETTING)
  if (found === undefined) return null
  const { file, host, startedAt, ended } = JSON.parse(found.value) as Standing
  return ended === null ? { file, host, since: new Date(startedAt).toISOString() } : null
}

/** Whoever stands by for a move says so, instead of that it is ready: nothing is served before all is there. */
export function tellingOfMoves(engine: Engine): Engine {
  return {
    ...engine,
    ready: () => engine.ready() && moveUnderWay(engine) === null,
    fault() {
      const move = moveUnderWay(engine)
      if (move === null) return engine.fault()
      const { file, host, since } = move
      return `not all of ${file} on ${host} is moved here, since ${since}: finish it there with mainspring move --from ${file} --to URL, and the nodes begin by themselves`
    },
  }
}

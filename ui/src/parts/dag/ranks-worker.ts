// Ten thousand nodes have their places in a tenth of a second, in which the page stays at hand.
import { type Ranks, ranked } from './ranks.ts'

addEventListener('message', ({ data: { ids, edges } }: MessageEvent<Ranks>) => postMessage(ranked(ids, edges)))

// Runs before all else, while the rest is on its way: asks for the code of the page that the address names, and for the list that stands on it.
import { BASE } from './api/client.ts'
import { readRunsEarly } from './api/run-pages.ts'
import { parseSearch, textOf } from './app/search.ts'
import { validateRunsSearch } from './runs/search.ts'

const PAGES: Record<string, () => Promise<unknown>> = {
  '': () => import('./home/page.tsx'),
  runs: () => import('./runs/page.tsx'),
}

const [, name = '', below] = location.pathname.slice(BASE.length).split('/')
if (below === undefined) {
  if (name === 'runs') {
    const search = parseSearch(location.search)
    readRunsEarly(textOf(search.namespace) ?? 'default', validateRunsSearch(search))
  }
  void PAGES[name]?.()
}

import type { AnyJob } from '@mainspring/sdk'
import fc from 'fast-check'
import { Check } from 'typebox/schema'
import { describe, expect, test } from 'vitest'
import { httpExecutor } from './http/index.ts'
import { shellExecutor } from './shell/index.ts'

const shell = shellExecutor().job
const http = httpExecutor().job

/** Places (JSON pointers) of what is wrong; empty: accepted. */
async function placesOf(job: AnyJob, input: unknown): Promise<string[]> {
  const result = await job.options.input!['~standard'].validate(input)
  return (result.issues ?? []).map(({ path }) => path!.map(step => `/${String(step)}`).join(''))
}

describe('an input of shell', () => {
  test.each<[input: unknown, places: string[]]>([
    [{ command: ['ls', '-l', ''] }, []],
    [{ command: '/bin/true' }, []],
    [{ command: 'ls | wc', shell: true }, []],
    [
      {
        command: 'ls | wc',
        shell: '/bin/bash',
        cwd: '/',
        env: { A: 'b' },
        stdin: '',
        outputLimit: 0,
        expect: [0, 255],
        user: 'www-data',
        killAfter: '1m',
      },
      [],
    ],
    [{ command: '/bin/true', expect: 3, killAfter: 0 }, []],
    ['ls', ['']],
    [null, ['']],
    [{}, ['/command']],
    [{ command: 'ls -l' }, ['/command']],
    [{ command: 'ls', shell: false }, ['/command']],
    [{ command: ['ls'], shell: true }, ['/command']],
    [{ command: [] }, ['/command']],
    [{ command: [''] }, ['/command/0']],
    [{ command: ['ls', 5] }, ['/command/1']],
    [{ command: ['ls', 'a\0b'] }, ['/command/1']],
    [{ command: 7 }, ['/command']],
    [{ command: 'ls', shell: 'bash' }, ['/shell']],
    [{ command: ['ls'], cwd: 'here' }, ['/cwd']],
    [{ command: ['ls'], env: { 'A=B': 'c' } }, ['/env/A=B']],
    [{ command: ['ls'], env: { A: 1, B: '\0' } }, ['/env/A', '/env/B']],
    [{ command: ['ls'], env: { MAINSPRING_RUN: 'x' } }, ['/env/MAINSPRING_RUN']],
    [{ command: ['ls'], stdin: 5 }, ['/stdin']],
    [{ command: ['ls'], outputLimit: 2 ** 20 }, ['/outputLimit']],
    [{ command: ['ls'], expect: [256] }, ['/expect/0']],
    [{ command: ['ls'], expect: [] }, ['/expect']],
    [{ command: ['ls'], user: '-x' }, ['/user']],
    [{ command: ['ls'], killAfter: '2h' }, ['/killAfter']],
    [{ command: ['ls'], killAfter: 'soon' }, ['/killAfter']],
    [{ command: ['ls'], comand: 1 }, ['/comand']],
  ])('%j has mistakes at %j', async (input, places) => expect(await placesOf(shell, input)).toEqual(places))
})

describe('an input of http', () => {
  test.each<[input: unknown, places: string[]]>([
    [{ url: 'https://example.org' }, []],
    [{ url: 'http://u:p@example.org:8080/a?b=c', method: 'delete', headers: { 'X-A': 'b\u00e4' }, body: null }, []],
    [{ url: 'http://e', body: [1], expect: ['2xx', 301, '400-404'], retryOn: 500, timeout: '5s', redirects: 'refuse', responseLimit: 0 }, []],
    [{ url: 'http://e', callback: {} }, []],
    [{ url: 'http://e', callback: { timeout: '30d' } }, []],
    [{}, ['/url']],
    [{ url: 'example.org/hook' }, ['/url']],
    [{ url: 'file:///etc/passwd' }, ['/url']],
    [{ url: 'gopher://example.org' }, ['/url']],
    [{ url: 'http://e', method: 'GE T' }, ['/method']],
    [{ url: 'http://e', method: 'connect' }, ['/method']],
    [{ url: 'http://e', method: 'GET', body: 'x' }, ['/body']],
    [{ url: 'http://e', body: Symbol('x') }, ['/body']],
    [{ url: 'http://e', body: () => {} }, ['/body']],
    [{ url: 'http://e', headers: { 'a b': 'c' } }, ['/headers/a b']],
    [{ url: 'http://e', headers: { a: 'b\r\nc: d' } }, ['/headers/a']],
    [
      { url: 'http://e', headers: { Host: 'f', 'Content-Length': '5', 'Mainspring-Run': 'x' } },
      ['/headers/Host', '/headers/Content-Length', '/headers/Mainspring-Run'],
    ],
    [{ url: 'http://e', expect: '6xx' }, ['/expect']],
    [{ url: 'http://e', expect: [20] }, ['/expect/0']],
    [{ url: 'http://e', retryOn: {} }, ['/retryOn']],
    [{ url: 'http://e', timeout: 0 }, ['/timeout']],
    [{ url: 'http://e', redirects: 'maybe' }, ['/redirects']],
    [{ url: 'http://e', responseLimit: -1 }, ['/responseLimit']],
    [{ url: 'http://e', callback: true }, ['/callback']],
    [{ url: 'http://e', callback: { timeout: '31d' } }, ['/callback/timeout']],
  ])('%j has mistakes at %j', async (input, places) => expect(await placesOf(http, input)).toEqual(places))
})

/** Something near to an input: most members left out, most of the others right, some wrong, some anything. The first member is needed. */
function nearly(members: Record<string, { right: readonly unknown[]; wrong: readonly unknown[] }>): fc.Arbitrary<unknown> {
  const odd = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true, withObjectString: true })
  const values = Object.entries(members).map(([name, { right, wrong }], index) => {
    const given = fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...right) },
      { weight: 1, arbitrary: fc.constantFrom(...wrong) },
      { weight: 1, arbitrary: odd },
    )
    return [name, index === 0 ? given : fc.option(given, { nil: undefined, freq: 1 })] as const
  })
  return fc.oneof({ weight: 9, arbitrary: fc.record(Object.fromEntries(values)) }, odd)
}
const SHELL = nearly({
  command: { right: ['/bin/ls', ['ls'], ['ls', '']], wrong: ['ls', [''], [], ''] },
  shell: { right: [false], wrong: ['sh', true] },
  cwd: { right: ['/', '/tmp'], wrong: ['.', ''] },
  env: { right: [{}, { A: 'b' }], wrong: [{ '': 'b' }, { MAINSPRING_RUN: '' }] },
  stdin: { right: ['', '\0', 'x'], wrong: [0] },
  outputLimit: { right: [0, 1], wrong: [1.5, -1, 1e9] },
  expect: { right: [0, 255, [0, 3]], wrong: [[], 256] },
  user: { right: ['root', 'www-data'], wrong: ['a b'] },
  killAfter: { right: [0, 0.4, '1s'], wrong: ['1d', -1] },
})
const HTTP = nearly({
  url: { right: ['http://example.org', 'https://[::1]/'], wrong: ['ftp://a', '//a', 'http://a b'] },
  method: { right: ['PUT', 'post'], wrong: ['TRACE', ''] },
  headers: { right: [{}, { a: 'b' }], wrong: [{ a: '\n' }, { host: 'a' }] },
  body: { right: [null, '', 'x', 1, { a: [1] }], wrong: [Symbol('x')] },
  expect: { right: [200, '2xx', ['200-204', 301]], wrong: ['2x', [99]] },
  timeout: { right: ['1s', 1, 0.6], wrong: [0, '2d'] },
  retryOn: { right: [500, '5xx'], wrong: [[]] },
  redirects: { right: ['follow', 'refuse'], wrong: [''] },
  responseLimit: { right: [0, 1024], wrong: [1e9] },
  callback: { right: [{}, { timeout: '1h' }], wrong: [{ timeout: 'x' }, { a: 1 }] },
})

test.each([
  ['shell', shell as AnyJob, SHELL],
  ['http', http as AnyJob, HTTP],
])('whatever is given to %s is accepted, or refused with places', async (_, job, inputs) => {
  const schema = job.definition.schema as object
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(inputs, async input => {
      const result = await job.options.input!['~standard'].validate(input)
      if (result.issues) {
        expect(result.issues.length).toBeGreaterThan(0)
        for (const { message, path } of result.issues) expect([typeof message, Array.isArray(path)]).toEqual(['string', true])
      } else {
        accepted++
        // A server that checks by the JSON Schema refuses nothing that we accept.
        expect(Check(schema as never, JSON.parse(JSON.stringify(input) as string))).toBe(true)
      }
    }),
    { numRuns: 2_000 },
  )
  expect(accepted).toBeGreaterThan(200)
})

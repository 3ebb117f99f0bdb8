import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** The rules that look at colours. Themes differ in nothing else: one and the same document is painted with `light-dark()`. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']
// Radix puts a hint at the end of the body, where it is no part of the page's order.
const ALL = { runOnly: { type: 'tag', values: TAGS }, rules: { region: { enabled: false } } }
const COLOURS = { runOnly: { type: 'rule', values: COLOUR_RULES } }

/** No violation of WCAG 2.2 A and AA, in both themes unless it says in which. */
export async function expectAccessible(page: Page, schemes: readonly ('light' | 'dark')[] = ['light', 'dark']): Promise<void> {
  if (await page.evaluate('typeof axe === "undefined"')) await page.evaluate(axe.source)
  for (const [index, colorScheme] of schemes.entries()) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // Nothing here stands in a frame, and only what is wrong is gathered.
    const options = { resultTypes: ['violations'], ...(index === 0 ? ALL : COLOURS) }
    const found = await page.evaluate<string[]>(`axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
      violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, any }) => \`\${id}: \${help}\\n  \${html}\\n  \${any[0]?.message ?? ''}\`)))`)
    expect(found.map(violation => `${colorScheme} ${violation}`)).toEqual([])
  }
}

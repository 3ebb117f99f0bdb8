/** What a schedule waits for: an asset, all of several, any of several. A list in an expression of people means all. */
export type AssetExpression = string | { readonly all: readonly AssetExpression[] } | { readonly any: readonly AssetExpression[] }

/** Assets of one expression, each counted once; and how deep it goes. */
export const EXPRESSION_ASSETS_MAX = 50
export const EXPRESSION_DEPTH_MAX = 10

/** All that it names, each once. */
export function assetsIn(expression: AssetExpression): string[] {
  if (typeof expression === 'string') return [expression]
  return [...new Set(('all' in expression ? expression.all : expression.any).flatMap(assetsIn))]
}

export function holds(expression: AssetExpression, has: (asset: string) => boolean): boolean {
  if (typeof expression === 'string') return has(expression)
  return 'all' in expression ? expression.all.every(one => holds(one, has)) : expression.any.some(one => holds(one, has))
}

/** `s3://a and (s3://b or s3://c)` */
export function expressionWords(expression: AssetExpression, isInner = false): string {
  if (typeof expression === 'string') return expression
  const [list, word] = 'all' in expression ? [expression.all, ' and '] : [expression.any, ' or ']
  const words = list.map(one => expressionWords(one, list.length > 1)).join(word)
  return isInner && list.length > 1 ? `(${words})` : words
}

/** What of it is still to come, in words; null: nothing. */
export function missingWords(expression: AssetExpression, has: (asset: string) => boolean): string | null {
  const left = missing(expression, has)
  return left === null ? null : expressionWords(left)
}

function missing(expression: AssetExpression, has: (asset: string) => boolean): AssetExpression | null {
  if (holds(expression, has)) return null
  if (typeof expression === 'string') return expression
  if ('any' in expression) return { any: expression.any.map(one => missing(one, has) as AssetExpression) }
  const all = expression.all.flatMap(one => missing(one, has) ?? [])
  return all.length === 1 ? (all[0] as AssetExpression) : { all }
}

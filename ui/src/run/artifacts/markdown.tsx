import { lexer, type Token, type Tokens } from 'marked'
import { Fragment, type ReactNode } from 'react'
import { LINK } from '../links.tsx'

/** Markdown as elements of the page, never as HTML: what is HTML in it stands there as text, links lead to http(s) alone, images are not fetched. */
export function Markdown({ text }: { text: string }) {
  return <div className="flex flex-col gap-2 break-words">{blocks(lexer(text))}</div>
}

function blocks(tokens: readonly Token[]): ReactNode {
  return tokens.map((token, at) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: a text that does not change
    return <Fragment key={at}>{block(token)}</Fragment>
  })
}

const HEADINGS = ['text-title font-semibold', 'text-large font-semibold', 'font-semibold'] as const

function block(token: Token): ReactNode {
  switch (token.type) {
    case 'space':
    case 'def':
      return null
    case 'heading': {
      const { depth, tokens } = token as Tokens.Heading
      // The page has its own headings above.
      const Heading = depth === 1 ? 'h3' : depth === 2 ? 'h4' : 'h5'
      return <Heading className={HEADINGS[Math.min(depth, 3) - 1]}>{inline(tokens)}</Heading>
    }
    case 'paragraph':
      return <p>{inline((token as Tokens.Paragraph).tokens)}</p>
    case 'text': {
      const { tokens, text } = token as Tokens.Text
      return tokens === undefined ? text : inline(tokens)
    }
    case 'list': {
      const { ordered, items } = token as Tokens.List
      const List = ordered ? 'ol' : 'ul'
      return (
        <List className={`flex flex-col gap-1 pl-6 ${ordered ? 'list-decimal' : 'list-disc'}`}>
          {items.map((item, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a text that does not change
            <li key={at}>{blocks(item.tokens)}</li>
          ))}
        </List>
      )
    }
    case 'code':
      return <pre className="overflow-x-auto rounded border border-line bg-ground p-2 font-mono">{(token as Tokens.Code).text}</pre>
    case 'blockquote':
      return <blockquote className="border-l-2 border-line pl-3 text-soft">{blocks((token as Tokens.Blockquote).tokens)}</blockquote>
    case 'hr':
      return <hr className="border-line" />
    case 'table': {
      const { header, rows } = token as Tokens.Table
      return <Grid columns={header.map(({ tokens }) => inline(tokens))} rows={rows.map(row => row.map(({ tokens }) => inline(tokens)))} />
    }
    default:
      return <p>{token.raw}</p>
  }
}

function inline(tokens: readonly Token[]): ReactNode {
  return tokens.map((token, at) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: a text that does not change
    return <Fragment key={at}>{words(token)}</Fragment>
  })
}

function words(token: Token): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong>{inline((token as Tokens.Strong).tokens)}</strong>
    case 'em':
      return <em>{inline((token as Tokens.Em).tokens)}</em>
    case 'del':
      return <del>{inline((token as Tokens.Del).tokens)}</del>
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>
    case 'br':
      return <br />
    case 'link': {
      const { href, tokens } = token as Tokens.Link
      return isWeb(href) ? <WebLink href={href}>{inline(tokens)}</WebLink> : token.raw
    }
    case 'text':
    case 'escape': {
      const { tokens, text } = token as Tokens.Text
      return tokens === undefined ? text : inline(tokens)
    }
    default:
      return token.raw
  }
}

export function isWeb(href: string): boolean {
  return URL.canParse(href) && /^https?:$/.test(new URL(href).protocol)
}

export function WebLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer" className={LINK}>
      {children}
    </a>
  )
}

export function Grid({ columns, rows, label }: { columns: readonly ReactNode[]; rows: readonly (readonly ReactNode[])[]; label?: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section tabIndex={0} aria-label={label === undefined ? 'table' : `table ${label}`} className="max-h-96 overflow-auto">
      <table className="w-full border-collapse text-left">
        <thead className="sticky top-0 bg-surface">
          <tr>
            {columns.map((column, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other name
              <th key={at} scope="col" className="border-b border-line px-2 py-1 font-medium">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name
            <tr key={at}>
              {row.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: cells have no other name
                <td key={column} className="border-b border-line px-2 py-1 align-top">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useEffectEvent, useRef } from 'react'

const LOOK = EditorView.theme({
  '&': { color: 'var(--ink)', background: 'var(--surface)', fontSize: '12px', height: '100%' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '1px' },
  '.cm-scroller': { fontFamily: 'var(--font-mono, "JetBrains Mono Variable", monospace)', lineHeight: '20px' },
  '.cm-gutters': { color: 'var(--soft)', background: 'var(--ground)', border: 'none' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
})

/** The colours of `JsonView`, which have enough contrast in both themes. */
const COLORS = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--soft)' },
  { tag: tags.string, color: 'var(--completed)' },
  { tag: [tags.number, tags.bool], color: 'var(--running)' },
  { tag: tags.null, color: 'var(--soft)' },
])

interface CodeProps {
  label: string
  value: string
  onChange(value: string): void
  small: boolean
  begins: boolean
}

/**
 * CodeMirror in a shadow root: in a document it writes a <style>, which the content security policy forbids; in a shadow root it adopts a sheet.
 */
export default function Code({ label, value, onChange, small, begins }: CodeProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const changed = useEffectEvent(onChange)
  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; the value is set below
  useEffect(() => {
    if (host.current === null) return
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' })
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: value,
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          json(),
          syntaxHighlighting(COLORS),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          LOOK,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of(update => {
            if (update.docChanged) changed(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = made
    if (begins) made.focus()
    return () => made.destroy()
  }, [])
  useEffect(() => {
    const current = view.current
    if (current !== null && current.state.doc.toString() !== value)
      current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } })
  }, [value])
  return <div ref={host} className={`${small ? 'h-24' : 'h-60'} overflow-auto rounded border border-edge`} />
}

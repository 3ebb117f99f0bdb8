import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** The server that `npm run ui` stands in front of. */
const SERVER = process.env.MAINSPRING_URL ?? 'http://127.0.0.1:7575'
const own = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// Whoever builds, a test runner too: what is built is for use, and half the size.
if (process.argv.includes('build')) process.env.NODE_ENV = 'production'

/**
 * At the head of a file: Chromium compiles it while it comes in, off the page's thread, and not each function once more when it is first called: a fifth of
 * what a first visit costs the page.
 */
const COMPILE_ALL = '//# allFunctionsCalledOnLoad'
const FIRST_LOAD = ['begin', 'base', 'index', 'shared']

/** The page names what a first visit needs: before all else the code that asks for the rest, and the fonts, so that no text is laid out in another first. */
const first: Plugin = {
  name: 'first',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      for (const file of Object.values(bundle))
        if (file.type === 'chunk' && FIRST_LOAD.includes(file.name)) file.code = `${COMPILE_ALL}\n${file.code}`
    },
  },
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle = {} }) {
      const begin = Object.values(bundle).find(file => file.type === 'chunk' && file.isEntry && file.name === 'begin')
      const fonts = Object.keys(bundle).filter(name => name.endsWith('.woff2'))
      const tags = [
        `<script type="module" crossorigin src="./${begin?.fileName}"></script>`,
        ...fonts.map(name => `<link rel="preload" as="font" type="font/woff2" crossorigin href="./${name}">`),
      ]
      return html.replace('<script', `${tags.join('\n    ')}\n    <script`)
    },
  },
}

export default defineConfig({
  root: own('.'),
  // Every address is relative to <base href>, which the server writes: so it works under any prefix.
  base: './',
  plugins: [react(), tailwindcss(), first],
  resolve: {
    // Radix brings a scroll lock that writes <style> elements, which our content security policy forbids.
    alias: { 'react-remove-scroll': own('./src/parts/scroll-lock.tsx') },
  },
  build: {
    outDir: own('./dist'),
    emptyOutDir: true,
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    // These know light-dark(), of which both themes are made.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: [own('./index.html'), own('./src/begin.ts')],
      output: {
        codeSplitting: {
          groups: [
            // With all that it needs: the rest is asked for from within it.
            { name: 'begin', test: /src\/begin\.ts$/, priority: 1 },
            // What the entry needs is one file, where it was eighteen over six connections.
            { name: 'base', tags: ['$initial'] },
            // So is what most pages need beside it.
            { name: 'shared', minShareCount: 4 },
          ],
        },
      },
    },
  },
  server: {
    port: 7576,
    proxy: {
      '^/(v1|openapi.json|healthz|readyz|metrics)': {
        target: SERVER,
        changeOrigin: true,
        // The server lets only its own pages call it: for it, this one is.
        configure: proxy => void proxy.on('proxyReq', request => request.removeHeader('origin')),
      },
    },
  },
})

import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The server that `npm run ui` stands in front of. */
const SERVER = process.env.MAINSPRING_URL ?? 'http://127.0.0.1:7575'
const own = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// Whoever builds, a test runner too: what is built is for use, and half the size.
if (process.argv.includes('build')) process.env.NODE_ENV = 'production'

export default defineConfig({
  root: own('.'),
  // Every address is relative to <base href>, which the server writes: so it works under any prefix.
  base: './',
  plugins: [react(), tailwindcss()],
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
      output: {
        codeSplitting: {
          groups: [
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

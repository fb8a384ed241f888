import { defineConfig } from 'vite';

// The relay serves dist/try/index.html at /try and dist/assets/ at /assets, under a policy that allows
// files of its own origin only. So nothing may be inlined: neither data: URLs nor the preload script.
export default defineConfig({
  base: '/',
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    emptyOutDir: true,
    modulePreload: false,
    target: 'es2023',
    rollupOptions: { input: { try: 'try/index.html' } },
  },
  server: {
    proxy: { '/socket.io': { target: 'http://127.0.0.1:3001', ws: true } },
  },
});

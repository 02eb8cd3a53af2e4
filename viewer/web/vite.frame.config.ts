import { defineConfig } from "vite";

/** The script of Rerun's sandboxed frame: one file with a stable name, which shares nothing with the page. */
export default defineConfig({
  publicDir: false,
  build: {
    target: "es2022",
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    rollupOptions: { input: "src/rerun/frame.ts", output: { entryFileNames: "rerun/frame.js" } },
  },
});

import { defineConfig } from "vite";

/** The page. Rerun's frame is a build of its own: see vite.frame.config.ts. */
export default defineConfig({
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    license: { fileName: "licenses/page.md" },
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
});

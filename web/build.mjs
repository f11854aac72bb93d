// Bundles and minifies src/ into the one file that the server serves: chalicelib/static/banner.js.
// `--print` writes it to standard output instead, for the test that compares it with what is committed.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const placeholder = '"__JAGA_CONFIG__"';

const minifiedCss = {
  name: "minified-css-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

const { outputFiles } = await build({
  entryPoints: [here("src/index.js")],
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  plugins: [minifiedCss],
});

const bundle = outputFiles[0].text.trim();
// A record names the build that asked, so the build is named by what it contains.
const id = createHash("sha256").update(bundle).digest("hex").slice(0, 8);
const parts = bundle.split("JAGA_CONFIG");
if (parts.length !== 2) throw new Error(`the configuration is used ${parts.length - 1} times, not once`);
const output = parts.join(placeholder).replace("JAGA_BUILD", JSON.stringify(id)) + "\n";

if (process.argv.includes("--print")) process.stdout.write(output);
else await writeFile(here("../chalicelib/static/banner.js"), output);

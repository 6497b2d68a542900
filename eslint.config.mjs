/* What ESLint looks for in our JavaScript: faults, not style. `make check` runs it. */
import js from "@eslint/js";
import globals from "globals";

const { browser, node } = globals;
/** Left by our own scripts, or put in by the build: public/types.d.ts. */
const ours = { zorioBoot: "readonly", zorioSip: "readonly", SHARED: "readonly", PYODIDE_INFO: "readonly", WASM_HASH: "readonly", IMAGE_HASH: "readonly", SNAPSHOT_HEADER: "readonly" };
const FOR_NODE = ["eslint.config.mjs", "public/build/*.mjs", "public/fast-start/*.mjs", "tests/**/*.mjs"];
const IN_THE_BROWSER = ["public/fast-start/start.mjs", "public/fast-start/memory-image.mjs"];
const CLASSIC = ["public/boot.js", "public/fast-start/head.js"];

export default [
  { ignores: ["dist/", "gallery/", ".venv/", "**/*.d.ts"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    languageOptions: { ecmaVersion: 2025, sourceType: "module", globals: { ...browser, ...ours } },
    rules: {
      "array-callback-return": "error",
      "consistent-return": "error",
      "default-case-last": "error",
      "eqeqeq": "error",
      "grouped-accessor-pairs": "error",
      "no-array-constructor": "error",
      "no-constructor-return": "error",
      "no-control-regex": "off", // control characters are what ours look for
      "no-empty": "error", // a catch that is empty on purpose says why, in a comment
      "no-empty-function": "error", // and so does a function
      "no-eval": "error",
      "no-extend-native": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-param-reassign": "error",
      "no-promise-executor-return": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Trusted Types are on: build nodes." },
        { property: "outerHTML", message: "Trusted Types are on: build nodes." },
        { property: "insertAdjacentHTML", message: "Trusted Types are on: build nodes." },
      ],
      "no-return-assign": "error",
      "no-self-compare": "error",
      "no-sequences": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-throw-literal": "error",
      "no-unmodified-loop-condition": "error",
      "no-unreachable-loop": "error",
      "no-unused-expressions": "error",
      "no-unused-vars": ["error", { args: "all", argsIgnorePattern: "^_", caughtErrors: "all", varsIgnorePattern: "^_" }],
      "no-use-before-define": ["error", { functions: false, variables: false }],
      "no-useless-assignment": "error",
      "no-var": "error",
      "prefer-const": "error",
      "prefer-promise-reject-errors": "error",
      "radix": "error",
    },
  },
  { files: FOR_NODE, ignores: IN_THE_BROWSER, languageOptions: { globals: { ...node } } },
  // They run where nothing newer does.
  {
    files: CLASSIC,
    languageOptions: { ecmaVersion: 5, sourceType: "script", globals: { Promise: "readonly" } },
    rules: { "no-var": "off", "prefer-const": "off", "no-unused-vars": ["error", { args: "after-used", caughtErrors: "none" }] },
  },
  // Its functions are called by the bench.
  { files: ["public/bench/parent.js"], languageOptions: { sourceType: "script" }, rules: { "no-unused-vars": ["error", { varsIgnorePattern: "^(embed|tell|hear)$" }] } },
];

/** Modules that are there only once the build has put them beside our scripts. */

declare module "*/pyodide.mjs" {
  export * from "pyodide";
}

declare module "patched-pyodide" {
  /** Takes what the stock loader fetches by itself: the wasm, the memory image, the standard library. */
  export function loadPyodide(options: object): Promise<import("pyodide").PyodideInterface>;
}

declare module "patched-glue" {
  type Module = import("./fast-start/memory-image.mjs").EmscriptenMemory;
  export default function createPyodideModule(settings: object): Promise<Module>;
}

declare module "*/fast-start.mjs" {
  export const phone: Promise<{ python: import("pyodide").PyodideInterface }>;
}

declare module "*/pyscript/core.js" {
  export const hooks: { worker: { onBeforeRunAsync: Set<string> } };
}

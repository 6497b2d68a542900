/* Cuts Pyodide's Emscripten glue (pyodide.asm.mjs) down to what a frame without side modules needs at its start.
 *
 * Stock glue puts all 8,600 exports of the wasm into its function table one by one, merges them into the import
 * object, builds a small wasm module for each of 270 OpenGL functions, and assigns 4,900 variables of which some 140
 * are read. All of it serves dynamic linking (C extension wheels, dlopen), which the frame never does.
 *
 * Nothing is guessed: every place is found in the syntax tree or by an exact text, and one that is not found, or
 * found twice, is an error, because then this is another glue and wants another look.
 */
import * as acorn from "acorn";
import { minify } from "terser";

/**
 * @import { ExpressionStatement, FunctionDeclaration, Literal, ObjectExpression, Property, Statement } from "acorn"
 * @import { VariableDeclaration, VariableDeclarator } from "acorn"
 *
 * @typedef {{ start: number, end: number }} Place
 * @typedef {{ statement: ExpressionStatement, name: string }} Assignment
 *
 * @typedef {object} Parts
 * @property {Assignment[]} onModule
 * @property {Assignment[]} signatures
 * @property {VariableDeclaration} exportVariables
 * @property {ObjectExpression} imports
 * @property {FunctionDeclaration} assignExports
 * @property {FunctionDeclaration} convertSignatures
 */

export class PatchError extends Error {}

const IDENTIFIER = /[A-Za-z_$][\w$]*/g;
const PROPERTY = /(?:\.|["'`]|[{,]\s*)([A-Za-z_$][\w$]*)/g;
/** Libraries whose names are short enough to be somebody's property by accident. */
const GRAPHICS = /^_(gl[A-Z]|emscripten_gl|SDL_|Mix_|IMG_|TTF_|al[A-Z]|alut|egl[A-Z])/;
const GRAPHICS_SLOT = /^emscripten_gl/;

/** Replaces the one occurrence of `from`. @param {string} text @param {string} from @param {string} to */
export function replaceOnce(text, from, to) {
  const parts = text.split(from);
  if (parts.length !== 2) throw new PatchError(`${parts.length - 1} times, not once: ${from.slice(0, 80)}`);
  return parts.join(to);
}

/** Text with pieces cut out or replaced; positions are those of the original. */
class Cuts {
  /** @type {(Place & { by: string })[]} */
  #cuts = [];

  /** @param {string} source */
  constructor(source) {
    this.source = source;
  }

  /** @param {Place} place */
  text({ start, end }) {
    return this.source.slice(start, end);
  }

  /** @param {Place} place @param {string} by */
  replace({ start, end }, by = "") {
    this.#cuts.push({ start, end, by });
  }

  result() {
    let out = "";
    let at = 0;
    for (const { start, end, by } of this.#cuts.sort((a, b) => a.start - b.start)) {
      if (start < at) throw new PatchError("two cuts overlap");
      out += this.source.slice(at, start) + by;
      at = end;
    }
    return out + this.source.slice(at);
  }
}

/**
 * @template T
 * @param {T[]} found
 * @param {string} what
 */
function only(found, what) {
  if (found.length !== 1) throw new PatchError(`${found.length} times, not once: ${what}`);
  return found[0];
}

/**
 * @template T
 * @param {T[]} found
 * @param {number} count
 * @param {string} what
 */
function atLeast(found, count, what) {
  if (found.length < count) throw new PatchError(`${found.length} found, ${count} expected: ${what}`);
  return found;
}

/** The parts of the factory function that this file changes. @param {string} source @returns {Parts} */
function survey(source) {
  const tree = acorn.parse(source, { ecmaVersion: "latest", sourceType: "module" });
  const factories = tree.body.filter((n) => n.type === "FunctionDeclaration").filter((n) => n.id.name === "_createPyodideModule");
  const { body } = only(factories, "function _createPyodideModule").body;
  const functions = body.filter((n) => n.type === "FunctionDeclaration");
  const named = (/** @type {string} */ name) => only(functions.filter((n) => n.id.name === name), `function ${name}`);
  const variables = body.filter((n) => n.type === "VariableDeclaration");
  /** @type {Assignment[]} */
  const onModule = [];
  /** @type {Assignment[]} */
  const signatures = [];
  for (const statement of body) {
    if (statement.type !== "ExpressionStatement" || statement.expression.type !== "AssignmentExpression") continue;
    const { left, right } = statement.expression;
    if (left.type !== "MemberExpression" || left.object.type !== "Identifier") continue;
    if (left.object.name === "Module" && left.computed && right.type === "Identifier") {
      if (left.property.type === "Literal") onModule.push({ statement, name: String(left.property.value) });
    } else if (left.property.type === "Identifier" && left.property.name === "sig") {
      signatures.push({ statement, name: left.object.name });
    }
  }
  return {
    onModule: atLeast(onModule, 500, 'Module["name"]=name'),
    signatures: atLeast(signatures, 500, "name.sig="),
    exportVariables: only(variables.filter((n) => n.declarations.length > 500), "the list of export variables"),
    imports: only(variables.flatMap((n) => n.declarations).flatMap(wasmImports), "var wasmImports"),
    assignExports: named("assignWasmExports"),
    convertSignatures: named("applySignatureConversions"),
  };
}

/** @param {VariableDeclarator} declared @returns {ObjectExpression[]} */
function wasmImports({ id, init }) {
  return id.type === "Identifier" && id.name === "wasmImports" && init?.type === "ObjectExpression" ? [init] : [];
}

/** What the wasm module wants from the glue. @param {WebAssembly.Module} module */
function needs(module) {
  const functions = WebAssembly.Module.imports(module).filter(({ kind, module: from }) => kind === "function" && from !== "GOT.func");
  const slots = WebAssembly.Module.imports(module).filter(({ module: from }) => from === "GOT.func");
  const kept = slots.filter(({ name }) => !GRAPHICS_SLOT.test(name));
  return new Set([...functions, ...kept].map(({ name }) => name));
}

/**
 * The text with the places of this file taken out: what remains tells which names are used.
 * @param {Cuts} cuts
 * @param {Parts} parts
 */
function remainder(cuts, parts) {
  const places = [
    parts.assignExports,
    parts.convertSignatures,
    parts.imports,
    parts.exportVariables,
    ...parts.onModule.map(({ statement }) => statement),
    ...parts.signatures.map(({ statement }) => statement),
  ].sort((a, b) => a.start - b.start);
  let rest = "";
  let at = 0;
  for (const { start, end } of places) {
    rest += `${cuts.source.slice(at, start)};`;
    at = end;
  }
  return rest + cuts.source.slice(at);
}

/** @param {Cuts} cuts @param {Parts} parts @param {Set<string>} wanted */
function cutImports(cuts, parts, wanted) {
  const properties = parts.imports.properties.filter((node) => node.type === "Property");
  const entries = properties.map((node) => [keyOf(node), cuts.text(node.value)]);
  const kept = entries.filter(([name]) => wanted.has(name));
  cuts.replace(parts.imports, `{${kept.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`);
  const functions = new Set(kept.map(([, value]) => value));
  for (const { statement, name } of parts.signatures) if (!functions.has(name)) cuts.replace(statement);
}

/** @param {Property} property */
const keyOf = ({ key }) => (key.type === "Identifier" ? key.name : String(/** @type {Literal} */ (key).value));

/** @param {Cuts} cuts @param {Parts} parts @param {Set<string>} used */
function cutModuleProperties(cuts, parts, used) {
  for (const { statement, name } of parts.onModule) {
    if (!used.has(name) || GRAPHICS.test(name)) cuts.replace(statement);
  }
}

const EXPORT = /wasmExports\["([^"]+)"\]/;

/**
 * Returns the names of the exports that are still read.
 * @param {Cuts} cuts
 * @param {Parts} parts
 * @param {Set<string>} words
 * @param {string} rest
 */
function cutExports(cuts, parts, words, rest) {
  const used = new Set([...rest.matchAll(/wasmExports(?:\["([^"]+)"\]|\.([A-Za-z_]\w*))/g)].map((m) => m[1] ?? m[2]));
  for (const statement of parts.assignExports.body.body) {
    const variable = assignedIn(statement);
    if (variable.startsWith("_") && !words.has(variable)) {
      cuts.replace(statement);
      continue;
    }
    const name = EXPORT.exec(cuts.text(statement))?.[1];
    if (name) used.add(name);
  }
  return used;
}

/** The variable that a statement assigns to, or "". @param {Statement} statement */
function assignedIn(statement) {
  if (statement.type !== "ExpressionStatement" || statement.expression.type !== "AssignmentExpression") return "";
  const { left } = statement.expression;
  return left.type === "Identifier" ? left.name : "";
}

/**
 * The copy of all exports becomes a copy of the used ones.
 * @param {Cuts} cuts
 * @param {Parts} parts
 * @param {Set<string>} used
 */
function cutConversions(cuts, parts, used) {
  const copy = "wasmExports=Object.assign({},wasmExports);";
  const statements = parts.convertSignatures.body.body.map((node) => cuts.text(node));
  if (!statements.includes(copy)) throw new PatchError(`not found: ${copy}`);
  const kept = statements.filter((text) => {
    const converted = /^wasmExports\["([^"]+)"\]=/.exec(text);
    return !converted || used.has(converted[1]);
  });
  const few = `wasmExports=Object.fromEntries(${JSON.stringify([...used])}.map(name=>[name,wasmExports[name]]));`;
  const { start, end } = parts.convertSignatures.body;
  cuts.replace({ start: start + 1, end: end - 1 }, kept.map((text) => (text === copy ? few : text)).join(""));
}

/** The loops over every symbol, which only dynamic linking needs. */
/** @type {[string, string][]} */
const LOOPS = [
  // `main` is the one symbol that the wasm itself imports from its own exports.
  ['mergeLibSymbols(wasmExports,"main");', 'wasmImports["main"]=wasmImports["__main_argc_argv"]=wasmExports["main"]??wasmExports["__main_argc_argv"];'],
  ["updateGOT(origExports);", ""],
  // A graphics function has no address: nobody calls it.
  ["if(!value&&!entry.required){", 'if(symName.startsWith("emscripten_gl")){entry.value=0;continue}if(!value&&!entry.required){'],
];

/**
 * Returns the patched glue, minified. `module`: the compiled pyodide.asm.wasm. `companions`: the texts of the scripts
 * that use the glue, whose names must stay. Throws PatchError.
 * @param {string} source
 * @param {WebAssembly.Module} module
 * @param {string[]} companions
 */
export async function patchGlue(source, module, companions) {
  const cuts = new Cuts(source);
  const parts = survey(source);
  const rest = remainder(cuts, parts);
  const readers = [rest, ...companions].join("\n");
  const wanted = needs(module);
  const properties = new Set([...readers.matchAll(PROPERTY)].map((match) => match[1]));
  cutImports(cuts, parts, wanted);
  cutModuleProperties(cuts, parts, properties);
  const known = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const used = cutExports(cuts, parts, new Set(readers.match(IDENTIFIER)), rest);
  for (const name of used) if (!known.has(name)) used.delete(name);
  cutConversions(cuts, parts, used);

  let out = cuts.result();
  for (const [from, to] of LOOPS) out = replaceOnce(out, from, to);
  // A direct eval keeps every variable around it alive; the policy of the page forbids eval anyway.
  out = out.replace(/([^.\w])eval\(/g, "$1(0,globalThis.eval)(");
  const { code } = await minify(out, {
    module: true,
    ecma: 2022,
    compress: { passes: 3, pure_getters: true, keep_fnames: true, keep_classnames: true },
    mangle: false,
    format: { comments: false },
  });
  if (!code) throw new PatchError("nothing is left");
  return code;
}

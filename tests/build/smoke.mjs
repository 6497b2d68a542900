/* Runs Python on the patched glue: node smoke.mjs GLUE. Prints one JSON object: what failed, by name. */
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const root = new URL("../../", import.meta.url);
const folder = path.dirname(createRequire(new URL("package.json", root)).resolve("pyodide/package.json"));
const { loadPyodide } = await import(pathToFileURL(path.join(folder, "pyodide.mjs")));
const { default: createPyodideModule } = await import(pathToFileURL(process.argv[2]));
const python = await loadPyodide({ indexURL: folder, createPyodideModule });
globalThis.here = {
  add: (a, b) => a + b,
  list: [1, 2, { three: 3 }],
  raise() {
    throw new TypeError("from JavaScript");
  },
  later: (value) =>
    new Promise((resolve) => {
      setTimeout(resolve, 1, value * 2);
    }),
};

const failed = [];
async function check(name, holds) {
  try {
    if ((await holds()) !== true) failed.push(name);
  } catch (error) {
    failed.push(`${name}: ${String(error.message).slice(-200)}`);
  }
}
const run = (code) => python.runPython(code);
const whole = (code) => python.runPythonAsync(code);

await check("standard library", () =>
  run(`
import asyncio, base64, contextlib, dataclasses, datetime, decimal, enum, functools, hashlib, json, logging, re
import unicodedata, urllib.parse, uuid, zlib
@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: int
    tags: tuple = ()
all((
    json.loads(json.dumps({"a": [1, 2.5, None, "ü😀"]}))["a"][3] == "ü😀",
    re.sub(r"(?P<x>\\d+)-(\\w+)", r"\\2:\\g<x>", "ab 12-cd") == "ab cd:12",
    dataclasses.replace(Point(1), x=2) == Point(2),
    datetime.datetime.strptime("2020-05-06", "%Y-%m-%d").month == 5,
    hashlib.sha256(b"a").hexdigest()[:8] == "ca978112",
    zlib.decompress(zlib.compress(b"q" * 99)) == b"q" * 99,
    unicodedata.normalize("NFC", "u\\u0308") == "ü",
    str(decimal.Decimal("1.1") + decimal.Decimal("2.2")) == "3.3",
    uuid.uuid4() != uuid.uuid4(),
    pow(12345, 50, 10**9 + 7) == 12345**50 % (10**9 + 7),
))`),
);
await check("asyncio and promises", () =>
  whole(`
import asyncio, js
async def twice(x):
    await asyncio.sleep(0.001)
    return x * 2
async def too_long():
    try:
        await asyncio.wait_for(asyncio.sleep(9), 0.01)
    except TimeoutError:
        return True
[await asyncio.gather(twice(1), twice(2)), await js.here.later(21), await too_long()] == [[2, 4], 42, True]`),
);
await check("JavaScript in Python", () => run("import js; js.here.add(2, 3) == 5 and js.here.list[2].three == 3"));
await check("an exception of JavaScript", () =>
  run(`
from pyodide.ffi import JsException
try:
    getattr(js.here, "raise")()
    caught = False
except JsException as error:
    caught = "from JavaScript" in str(error) and error.name == "TypeError"
caught`),
);
await check("an exception of Python", () => {
  try {
    run("1 / 0");
  } catch (error) {
    return error.type === "ZeroDivisionError" && /division/.test(error.message);
  }
  return false;
});
await check("an exception through both", () =>
  run(`
from pyodide.ffi import create_proxy
def fails(*_):
    raise ValueError("from Python")
proxy = create_proxy(fails)
try:
    js.Array.of(1).forEach(proxy)
    caught = False
except Exception as error:
    caught = "from Python" in str(error)
proxy.destroy()
caught`),
);
await check("a Python function in JavaScript", () => {
  const add = run("lambda a, *, b=2: a * b");
  const product = add.callKwargs(3, { b: 5 });
  add.destroy();
  return product === 15;
});
await check("a Python object in JavaScript", () => {
  const proxy = run('{"a": [1, 2, (3, 4)], "b": b"xy"}');
  const copy = proxy.toJs({ dict_converter: Object.fromEntries });
  proxy.destroy();
  return copy.a[2][1] === 4 && copy.b[1] === 121;
});
await check("a generator in JavaScript", () => [...run("(i * i for i in range(4))")].join() === "0,1,4,9");
await check("deep recursion ends well", () => {
  try {
    run("def deeper(n): return deeper(n + 1)\ndeeper(0)");
  } catch (error) {
    return error.type === "RecursionError";
  }
  return false;
});
await check("large integers", () => run("2**70") === 2n ** 70n);
console.log(JSON.stringify({ failed }));
process.exit(0);

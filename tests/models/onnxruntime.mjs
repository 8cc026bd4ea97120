// Converts every .onnx of a folder, runs it at the shapes of a list, all in one session that is resized,
// and compares with ONNX Runtime.
//
//   node onnxruntime.mjs MODULES BUILD FOLDER SHAPES.json [PATTERN]
//
// MODULES is the folder in which bench/peers/onnxruntime/install.sh put node_modules, BUILD one of
// libqrt with its tests.
// SHAPES.json names, by what a file's name begins with (a regular expression), the inputs of each run: a shape, or a number
// for a scalar; {"shape": .., "below": n} for integers from 0 to n - 1; {"shape": .., "most": x} for
// numbers from -x to x and not from -1 to 1. Of a file that it does not
// name, all inputs have the shapes that the model fixes. PATTERN takes only files whose path contains
// it. Files of the same bytes run once; a list may name a model twice, under names that begin with "#":
// {"file": .., "runs": .., "convert": options of qrt convert, "states": {input: {"shape": .., "next":
// output}}}: of inputs and outputs that the model is to keep as state (--state), ONNX Runtime is given
// back what it gave in the run before, and libqrt is given nothing.
//
// A model matches if no output is off by more than 1e-3 of its largest element, and no integer at all.
// "*": {"output": n} allows that for n elements: those that one of two nearly equal numbers decides.
// Back at the first shapes, the session must give the same bytes again.
// Ends with status 1 if a model does not convert, run or match.
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {basename, join, relative, resolve} from 'node:path';
import {TYPES, readNpy, writeNpy} from './npy.mjs';

const TOLERANCE = 1e-3;

// The same numbers for the same seed.
function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function makeInput({name, type, shape}, wanted, next) {
  if (!(type in TYPES)) throw new Error(`input '${name}' is ${type}`);
  const Elements = TYPES[type][1];
  const convert = type === 'int64' ? BigInt : Number;
  if (typeof wanted === 'number') return {dims: [], data: Elements.from([convert(wanted)])};
  const dims = Array.isArray(wanted) ? wanted : wanted?.shape ?? shape;
  if (!dims.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new Error(`input '${name}' is ${dims.join('x')}, and no shape is given for it`);
  }
  const count = dims.reduce((product, size) => product * size, 1);
  const below = wanted?.below ?? 2, most = wanted?.most ?? 1;
  const element = type === 'float32' ? () => most * (2 * next() - 1) : () => convert(Math.floor(next() * below));
  return {dims, data: Elements.from({length: count}, element)};
}

// Why an output does not match, or how far it is off, `allowed` elements aside.
function compare(ours, theirs, allowed) {
  if (ours.type !== theirs.type || `${ours.shape}` !== `${theirs.dims}`) {
    throw new Error(`is ${ours.type} ${ours.shape.join('x')}, not ${theirs.type} ${theirs.dims.join('x')}`);
  }
  let largest = 0;
  const off = [];
  for (let i = 0; i < ours.data.length; ++i) {
    const a = Number(ours.data[i]), b = Number(theirs.data[i]);
    if (Number.isFinite(b)) largest = Math.max(largest, Math.abs(b));
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    off.push(Number.isNaN(a - b) ? Infinity : Math.abs(a - b));
  }
  const most = ours.type === 'float32' ? TOLERANCE * largest : 0;
  const wrong = off.filter((apart) => apart > most);
  if (wrong.length > allowed) {
    const worst = wrong.reduce((x, y) => Math.max(x, y), 0);
    throw new Error(`has ${wrong.length} elements off by ${worst} at most, where the largest is ${largest}`);
  }
  return off.reduce((x, y) => (y > most ? x : Math.max(x, y)), 0) / (largest || 1);
}

function tool(qrt, args) {
  try {
    execFileSync(qrt, args, {stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 26});
  } catch (error) {
    throw new Error(`${basename(qrt)}: ${error.stderr?.toString().trim() || error.message}`);
  }
}

async function check(ort, build, file, {runs, states = {}, convert = []}, work) {
  const model = join(work, 'model.qrt');
  tool(join(build, 'bin', 'qrt'), ['convert', file, model, ...convert]);
  const session = await ort.InferenceSession.create(
      file, {executionProviders: ['cpu'], intraOpNumThreads: 1, logSeverityLevel: 3});
  let most = 0;
  try {
    const folders = [], answers = [];
    let carried = {};  // what the model would have kept
    for (const [r, wanted] of runs.entries()) {
      const next = random(r + 1), feeds = {}, folder = join(work, `run${r}`);
      folders.push(folder);
      mkdirSync(folder);
      const given = session.inputMetadata.filter((input) => !(input.name in states));
      for (const [i, input] of given.entries()) {
        const {dims, data} = makeInput(input, wanted[input.name], next);
        feeds[input.name] = new ort.Tensor(input.type, data, dims);
        writeNpy(join(folder, `in.${i}.npy`), TYPES[input.type][0], dims, data);
      }
      writeFileSync(join(folder, 'names.txt'), given.map(({name}) => `${name}\n`).join(''));
      for (const [name, {shape}] of Object.entries(states)) {
        const size = shape.reduce((product, dim) => product * dim, 1);
        feeds[name] = carried[name] ?? new ort.Tensor('float32', new Float32Array(size), shape);
      }
      answers.push(await session.run(feeds));
      carried = Object.fromEntries(Object.entries(states).map(([name, {next}]) => [name, answers[r][next]]));
    }
    tool(join(build, 'tests', 'qrt_run_shapes'), [model, ...folders]);
    for (const [r, wanted] of runs.entries()) {
      const kept = Object.values(states).map(({next}) => next);
      for (const [k, name] of session.outputNames.filter((name) => !kept.includes(name)).entries()) {
        try {
          const ours = readNpy(join(folders[r], `out.${k}.npy`));
          most = Math.max(most, compare(ours, answers[r][name], wanted['*']?.[name] ?? 0));
        } catch (error) {
          throw new Error(`with ${JSON.stringify(wanted)}: output '${name}' ${error.message}`);
        }
      }
    }
  } finally {
    await session.release();
  }
  return most;
}

async function main([modules, build, folder, list, pattern = '']) {
  const ort = createRequire(resolve(modules, 'node_modules') + '/')('onnxruntime-node');
  const shapes = Object.entries(JSON.parse(readFileSync(list)));
  const files = readdirSync(folder, {recursive: true, withFileTypes: true})
                    .filter((entry) => entry.isFile() && entry.name.endsWith('.onnx'))
                    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
                    .filter((file) => file.includes(pattern))
                    .sort();
  const seen = new Set();
  let wrong = 0, checked = 0;
  for (const file of files) {
    const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
    if (seen.has(sum)) continue;
    seen.add(sum);
    const fits = (begin) => new RegExp(`^${begin}`).test(basename(file));
    const named = shapes.find(([begin]) => begin[0] !== '#' && fits(begin));
    const plans = [{runs: named?.[1] ?? [{}]},
                   ...shapes.filter(([begin, plan]) => begin[0] === '#' && fits(plan.file)).map(([, plan]) => plan)];
    for (const plan of plans) {
      const work = mkdtempSync(join(tmpdir(), 'qrt_models.'));
      const what = relative(folder, file) + (plan.states ? ', with state' : '');
      ++checked;
      try {
        const most = await check(ort, build, file, plan, work);
        console.log(`ok: ${what}, ${plan.runs.length} runs, off by ${most.toExponential(1)} at most`);
      } catch (error) {
        ++wrong;
        console.log(`WRONG: ${what}: ${error.message}`);
      } finally {
        rmSync(work, {recursive: true});
      }
    }
  }
  console.log(`ONNX Runtime ran ${checked} models: ${checked - wrong} match, ${wrong} do not`);
  process.exitCode = wrong > 0 || checked === 0 ? 1 : 0;
}

await main(process.argv.slice(2));

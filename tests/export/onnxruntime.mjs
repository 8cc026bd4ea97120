// ONNX Runtime judges what libqrt exports: it runs each model of a folder that the export tests have
// written (for_judge.h) and compares its outputs with libqrt's.
//
//   node onnxruntime.mjs MODULES FOLDER [--all]
//
// MODULES is the folder in which bench/peers/onnxruntime/install.sh put node_modules. Ends with status
// 1 if a case differs by more than it may, or cannot run. --all prints every difference.
import {readFileSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';

const ELEMENTS = {
  f32: ['float32', Float32Array], s8: ['int8', Int8Array], u8: ['uint8', Uint8Array],
  s16: ['int16', Int16Array], s32: ['int32', Int32Array], s64: ['int64', BigInt64Array],
  bool: ['bool', Uint8Array],
};
// Graphs run as they are written: the optimizer would put in integer kernels, some of which saturate on
// CPUs without VNNI.
const OPTIONS = {
  executionProviders: ['cpu'], graphOptimizationLevel: 'disabled', intraOpNumThreads: 1,
  interOpNumThreads: 1, logSeverityLevel: 3,
};

function elements(folder, {type, file}) {
  const bytes = readFileSync(join(folder, file));
  const Array = ELEMENTS[type][1];
  return new Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

// How many elements differ, by how much at most, and the largest finite size. NaN is NaN.
function difference(ours, theirs) {
  let most = 0, count = 0, largest = 0;
  for (let i = 0; i < ours.length; ++i) {
    const a = Number(ours[i]), b = Number(theirs[i]);
    if (Number.isFinite(b)) largest = Math.max(largest, Math.abs(b));
    if (ours[i] === theirs[i] || (Number.isNaN(a) && Number.isNaN(b))) continue;
    ++count;
    const apart = Math.abs(a - b);
    most = Number.isNaN(apart) ? Infinity : Math.max(most, apart);
  }
  return {most, count, largest};
}

// A sentence about an output that differs, with `wrong` if by more than it may; null if none does.
//
// Integers that stand for real numbers are rounded by both, libqrt's from exact sums by one float
// product, ONNX Runtime's from sums of floats by a float division: near a tie they are a step apart.
// An average of one quantization, and a bilinear Resize, round halves up in libqrt, to even in ONNX.
function judge(test, output, theirs) {
  const [type] = ELEMENTS[output.type];
  if (theirs.type !== type || `${theirs.dims}` !== `${output.shape}`) {
    return {wrong: true, text: `is ${theirs.type} [${theirs.dims}], libqrt's ${type} [${output.shape}]`};
  }
  const {most, count, largest} = difference(output.elements, theirs.data);
  if (count === 0) return null;
  const total = output.elements.length;
  const text = `differs in ${count} of ${total} elements, by ${most} at most`;
  if (output.type === 'f32') {
    return {wrong: !(most <= test.tolerance * largest), text: `${text}; the largest is ${largest}`};
  }
  if (output.quantized) {
    // In an output of few elements one may always be near a tie.
    return {wrong: most > test.steps || (count > 1 && count > test.share * total), text};
  }
  return {wrong: count > test.others * total, text};
}

async function run(ort, folder, test) {
  const session = await ort.InferenceSession.create(join(folder, test.model), OPTIONS);
  try {
    const feeds = {};
    test.inputs.forEach((input, i) => {
      feeds[session.inputNames[i]] =
          new ort.Tensor(ELEMENTS[input.type][0], elements(folder, input), input.shape);
    });
    const results = await session.run(feeds);
    return test.outputs.map((output, k) => {
      const ours = {...output, elements: elements(folder, output)};
      return judge(test, ours, results[session.outputNames[k]]);
    });
  } finally {
    await session.release();
  }
}

async function main([modules, folder, flag]) {
  const ort = createRequire(resolve(modules, 'node_modules') + '/')('onnxruntime-node');
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  files.sort((a, b) => parseFloat(a) - parseFloat(b));
  let wrong = 0, exact = 0;
  for (const file of files) {
    const test = JSON.parse(readFileSync(join(folder, file)));
    let verdicts;
    try {
      verdicts = await run(ort, folder, test);
    } catch (error) {
      verdicts = [{wrong: true, text: `cannot run: ${error.message}`}];
    }
    if (verdicts.every((verdict) => verdict === null)) ++exact;
    if (verdicts.some((verdict) => verdict?.wrong)) ++wrong;
    verdicts.forEach((verdict, k) => {
      if (verdict === null || !(verdict.wrong || flag === '--all')) return;
      console.log(`${verdict.wrong ? 'WRONG' : 'allowed'}: ${test.test}, ${file}: output ${k} ${verdict.text}`);
    });
  }
  console.log(`ONNX Runtime ${ort.env.versions.node} ran ${files.length} exported cases: ` +
              `${exact} the same, ${files.length - exact - wrong} within rounding, ${wrong} wrong`);
  process.exitCode = wrong > 0 || files.length === 0 ? 1 : 0;
}

await main(process.argv.slice(2));

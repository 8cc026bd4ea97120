// ONNX Runtime in turns: loads a model, then answers each line "run N" with the nanoseconds that each
// of N runs took. bench/models.py drives it, as it drives our own side (bench/model.cc).
//
//   node ort.mjs MODULES MODEL.onnx THREADS
//
// MODULES is the folder in which install.sh put node_modules.
import {createRequire} from 'node:module';
import {resolve} from 'node:path';
import {createInterface} from 'node:readline';

const ELEMENTS = {
  float32: Float32Array, float64: Float64Array, int8: Int8Array, uint8: Uint8Array,
  int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array,
  int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array,
};

// As our side has it: bytes take any value, floats lie in [-1, 1], integers that may be indices are 0.
function randomElements(type, count) {
  const Array = ELEMENTS[type];
  if (Array === undefined) throw new Error(`inputs of type ${type} are not supported`);
  const elements = new Array(count);
  if (type === 'float32' || type === 'float64') {
    for (let i = 0; i < count; ++i) elements[i] = 2 * Math.random() - 1;
  } else if (type === 'int8' || type === 'uint8') {
    for (let i = 0; i < count; ++i) elements[i] = Math.floor(256 * Math.random());
  }
  return elements;
}

// The bytes of a model that does nothing to one float: how much of a time is the call from JavaScript.
function identityModel() {
  const text = (s) => [...Buffer.from(s)];
  const field = (number, bytes) => [number << 3 | 2, bytes.length, ...bytes];
  const varint = (number, value) => [number << 3, value];
  const shape = field(2, field(1, varint(1, 1)));
  const tensor = (name) => [...field(1, text(name)),
                            ...field(2, field(1, [...varint(1, 1), ...shape]))];
  const node = [...field(1, text('x')), ...field(2, text('y')), ...field(4, text('Identity'))];
  const graph = [...field(1, node), ...field(2, text('g')), ...field(11, tensor('x')),
                 ...field(12, tensor('y'))];
  return Uint8Array.from([...varint(1, 8), ...field(7, graph), ...field(8, varint(2, 13))]);
}

async function time({session, feeds}, runs) {
  const times = [];
  for (let i = 0; i < runs; ++i) {
    const start = process.hrtime.bigint();
    await session.run(feeds);
    times.push(process.hrtime.bigint() - start);
  }
  return times;
}

async function open(ort, pathOrBytes, threads) {
  const session = await ort.InferenceSession.create(pathOrBytes, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const feeds = {};
  for (const {name, type, shape} of session.inputMetadata) {
    const dims = shape.map((d) => (typeof d === 'number' ? d : 1));  // a name: decided by the caller
    const count = dims.reduce((a, b) => a * b, 1);
    feeds[name] = new ort.Tensor(type, randomElements(type, count), dims);
  }
  return {session, feeds};
}

async function main([modules, path, threads]) {
  const require = createRequire(resolve(modules, 'node_modules') + '/');
  const ort = require('onnxruntime-node');
  const call = await time(await open(ort, identityModel(), 1), 1000);
  const model = await open(ort, path, Number(threads));
  console.log(JSON.stringify({
    engine: `ONNX Runtime ${ort.env.versions.node}`,
    call_ns: Number(call.sort((a, b) => (a < b ? -1 : 1))[call.length / 2]),
  }));
  for await (const line of createInterface({input: process.stdin})) {
    const runs = /^run (\d+)$/.exec(line);
    if (runs === null) throw new Error(`unknown command '${line}'`);
    console.log((await time(model, Number(runs[1]))).join(' '));
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.log(JSON.stringify({error: String(error.message ?? error).split('\n')[0]}));
  process.exitCode = 1;
});

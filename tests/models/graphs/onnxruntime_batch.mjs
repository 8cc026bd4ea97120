// Runs many small models with ONNX Runtime, without its optimizations, for random_graphs.py.
//
//   node onnxruntime_batch.mjs MODULES
//
// On stdin, a folder a line, with model.onnx and, for runs 0, 1, ..., the inputs RUN.in.0.npy, RUN.in.1.npy, ...
// Leaves the outputs beside them, RUN.ort.0.npy, ..., and answers each line with one of its own: a list with what
// was wrong with each run, or "".
import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';
import {createInterface} from 'node:readline';
import {TYPES, readNpy, writeNpy} from '../npy.mjs';

const OPTIONS = {
  executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1,
  graphOptimizationLevel: 'disabled', logSeverityLevel: 4,
};

async function runOnce(ort, session, folder, run) {
  const feeds = {};
  for (const [i, name] of session.inputNames.entries()) {
    const {type, shape, data} = readNpy(join(folder, `${run}.in.${i}.npy`));
    feeds[name] = new ort.Tensor(type, data, shape);
  }
  const results = await session.run(feeds);
  for (const [k, name] of session.outputNames.entries()) {
    const {type, dims, data} = results[name];
    writeNpy(join(folder, `${run}.ort.${k}.npy`), TYPES[type][0], dims, data);
  }
}

async function runAll(ort, folder) {
  const answers = [];
  let session;
  try {
    session = await ort.InferenceSession.create(join(folder, 'model.onnx'), OPTIONS);
    for (let run = 0; run === 0 || existsSync(join(folder, `${run}.in.0.npy`)); ++run) {
      answers.push('');
      await runOnce(ort, session, folder, run).catch((error) => { answers[run] = error.message; });
    }
  } catch (error) {
    answers.push(error.message);
  } finally {
    await session?.release();
  }
  return answers;
}

const [modules] = process.argv.slice(2);
const ort = createRequire(resolve(modules, 'node_modules') + '/')('onnxruntime-node');
for await (const folder of createInterface({input: process.stdin})) {
  process.stdout.write(JSON.stringify(await runAll(ort, folder)) + '\n');
}

// NumPy's .npy files as tensors of ONNX Runtime have them: {type, shape, data}.
import {readFileSync, writeFileSync} from 'node:fs';

export const TYPES = {
  float32: ['<f4', Float32Array], int64: ['<i8', BigInt64Array], int32: ['<i4', Int32Array],
  int8: ['|i1', Int8Array], uint8: ['|u1', Uint8Array], bool: ['|b1', Uint8Array],
};

export function writeNpy(file, descr, shape, data) {
  const tuple = shape.map((size) => `${size},`).join('');
  let header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
  header = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
  const start = Buffer.alloc(10);
  start.write('\x93NUMPY\x01\x00', 'latin1');
  start.writeUInt16LE(header.length, 8);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  writeFileSync(file, Buffer.concat([start, Buffer.from(header, 'latin1'), bytes]));
}

export function readNpy(file) {
  const bytes = readFileSync(file);
  const end = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, end);
  const descr = /'descr': '([^']*)'/.exec(header)[1];
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').filter((s) => s.trim()).map(Number);
  const [type, [, Elements]] = Object.entries(TYPES).find(([, [name]]) => name === descr);
  return {type, shape, data: new Elements(bytes.buffer.slice(bytes.byteOffset + end, bytes.byteOffset + bytes.length))};
}

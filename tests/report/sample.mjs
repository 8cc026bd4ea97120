// Prints a report such as `qrt quantize --json` makes: of a network of 60 operators, the same each time.
// Its numbers are made up; `hostile` gives names that would break a page that reads them as HTML.
//   node sample.mjs [plain|hostile|small]
const kind = process.argv[2] || 'plain';

let seed = 12345;
function random() {
  // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const hostile = [
  '</script><script>window.hacked = 1</script>',
  '<img src=x onerror="window.hacked = 2">',
  '"quoted\' & <b>bold</b>',
  '--><!-- {{report}} ${hacked}',
  'Größe/層/\u{1F600}/\u2028line',
  '../../etc\\passwd\n\u0000end',
  '__proto__',
  '',
  'x'.repeat(400),
];
const named = (at, usual) =>
  kind === 'hostile' ? hostile[at % hostile.length] + (at < hostile.length ? '' : at) : usual;

const operators = [],
  tensors = [],
  weights = [],
  sensitivity = [];
const count = 60;
for (let at = 0; at < count; ++at) {
  const depthwise = at % 3 === 1;
  const last = at === count - 1;
  const kinds = last
    ? 'Softmax'
    : at === count - 2
      ? 'FullyConnected'
      : at % 6 === 5
        ? 'Add'
        : depthwise
          ? 'DepthwiseConv2D'
          : 'Conv2D';
  const name = named(
    at,
    `/features/features.${Math.floor(at / 3)}/conv/conv.${at % 3}/${kinds === 'Conv2D' ? 'Conv' : kinds}`,
  );
  const scheme = last ? 'float' : at === 20 || at === 31 ? 's16' : 's8';
  const macs =
    kinds === 'Add' || last
      ? 0
      : Math.round(depthwise ? 4e5 + random() * 2e5 : 6e6 + random() * 8e6);
  const us = macs / (depthwise ? 12000 : 90000) + 2 + random() * 3;
  operators.push({
    name,
    kind: kinds,
    scheme,
    reason: last
      ? 'makes the output, which is float'
      : scheme === 's16'
        ? 'the search gave it more bits'
        : '',
    macs,
    us_before: us * (3.1 + random()),
    us_after: last ? us * 3 : us,
    output: `${name}_output_0`,
    largest_correction: macs > 0 ? 0.02 + random() * 0.2 : 0,
  });
  if (last) continue;
  const relu = !depthwise && kinds !== 'Add';
  const spread = 0.4 + random() * 2.5;
  const counts = new Array(128).fill(0);
  for (let i = 0; i < 4000; ++i) {
    let value = normal() * spread * (random() < 0.02 ? 3 : 1);
    if (relu) value = Math.max(0, value);
    const bin = Math.floor((value + 16) / 0.25);
    if (bin >= 0 && bin < 128) counts[bin] += 50 + Math.floor(random() * 30);
  }
  const high = spread * 3.1,
    low = relu ? 0 : -spread * 3.05;
  const dip = at === 19 || at === 30 ? 17 : at > 38 && at < 43 ? 6 : 0;
  tensors.push({
    name: `${name}_output_0`,
    operator: name,
    type: scheme,
    sqnr_db: scheme === 's16' ? 47 + random() * 3 : 41 - at * 0.16 - dip + random() * 3,
    low,
    high,
    seen_low: relu ? 0 : low * 1.7,
    seen_high: high * 1.8,
    scale: (high - low) / 255,
    zero_point: relu ? -128 : -3,
    clipped_share: random() < 0.2 ? 0 : 0.0004 * random() ** 3,
    how: at % 4 ? 'mse-shrunk' : 'minmax',
    histogram: {low: -16, width: 0.25, counts},
  });
  if (macs > 0) {
    const channels = [16, 32, 64, 96, 144, 192, 384, 1280][Math.floor(at / 8)];
    const reach = Array.from(
      {length: channels},
      () => 0.4 * Math.exp(normal() * (depthwise ? 0.9 : 0.3)),
    );
    weights.push({
      operator: name,
      low: reach.map((one) => -one * (0.6 + random() * 0.4)),
      high: reach.map((one) => one * (0.6 + random() * 0.4)),
      scales: reach.map((one) => one / 127),
    });
    for (const [what, base, cost] of [
      ['s8', 46 - dip, 1],
      ['s16', 84, 1.9],
      ['s4', 27 - dip, 0.8],
    ]) {
      sensitivity.push({
        operator: name,
        scheme: what,
        sqnr_db: base + random() * 8 - (depthwise ? 4 : 0),
        us: us * cost,
      });
    }
  }
}

const large = {
  tool: 'qrt 0.1.0',
  model: named(0, 'mobilenet_v2_fashion.onnx'),
  output: named(1, 'mobilenet_v2_fashion.qrt'),
  size: {before: 14013952, after: 3661824},
  latency: {before_us: 31250.4, after_us: 8122.7, isa: 'avx2', threads: 1},
  accuracy: {
    metric: 'top1',
    higher_is_better: true,
    share: true,
    before: 0.9132,
    after: 0.9121,
    difference: -0.0011,
    low: -0.0031,
    high: 0.0009,
    samples: 10000,
  },
  outputs: [
    {name: named(3, 'probabilities'), sqnr_db: 34.21, cosine: 0.99983, largest_difference: 0.0312},
  ],
  samples: {
    calibration: 200,
    evaluation: 56,
    evaluation_is_new: true,
    doubts: [
      '24 samples may not show all that the model will see; 100 or more are better',
      ...(kind === 'hostile' ? hostile : []),
    ],
  },
  schemes: ['s8', 's16', 'float'].map((scheme) => {
    const of = operators.filter((one) => one.scheme === scheme);
    return {
      scheme,
      operators: of.length,
      macs: of.reduce((sum, one) => sum + one.macs, 0),
      us: of.reduce((sum, one) => sum + one.us_after, 0),
    };
  }),
  islands: [
    {
      operators: [operators[count - 1].name],
      reason: 'makes the output, which is float',
      us: operators[count - 1].us_after,
    },
  ],
  operators,
  tensors,
  weights,
  sensitivity,
  tradeoff: [
    [7710, 0.0142, 'all s8, s4 where it gains'],
    [8000.3, 0.0038, 'all s8'],
    [8122.7, 0.0011, '2 operators in s16'],
    [8650, 0.0007, '5 operators in s16'],
    [9900, 0.0004, '14 operators in s16'],
    [14800, 0.0001, 'all s16'],
  ].map(([us, loss, label]) => ({us, loss, label, chosen: us === 8122.7})),
  repairs: [
    ['BatchNorm folding', 34.2, 34.2],
    ['cross-layer equalization', 31.9, 34.2],
    ['bias correction', 28.6, 34.2],
    ['learned rounding', 33.4, 34.2],
    ['clip search for weights', 34.4, 34.2],
  ].map(([name, sqnr_without_db, sqnr_with_db]) => ({
    name,
    sqnr_without_db,
    sqnr_with_db,
    kept: sqnr_with_db > sqnr_without_db,
  })),
  remarks: [
    "'/features/features.14/concat' joins ranges that are not alike; the narrow ones lose levels",
  ],
  recipe: {
    version: 1,
    scheme: 's8',
    observer: 'mse-shrunk',
    overrides: [{pattern: named(4, '/features/features.6/conv/conv.2/*'), scheme: 's16'}],
    seed: 0.1234567890123,
  },
};

// Only what every report has; numbers that JSON cannot hold.
const small = {
  tool: 'qrt 0.1.0',
  model: 'm.tflite',
  output: 'm.qrt',
  size: {before: 2400, after: 900},
  tensors: [],
  operators: [
    {
      name: 'a',
      kind: 'Conv2D',
      scheme: 's8',
      reason: '',
      macs: 9.5e18,
      us_before: null,
      us_after: 1e12,
    },
  ],
};
process.stdout.write(JSON.stringify(kind === 'small' ? small : large));

// The head of the page: what it cost and what it gained, what to doubt, and what runs as what.
const percentMetrics = ['top1', 'top5', 'cer', 'wer', 'map', 'miou', 'keypoints'];
const model = text(report.model),
  output = text(report.output);
const operators = objects(report.operators);
const others = object(report.samples).evaluation_is_new !== false; // the figures' samples were not calibrated on
const totalOf = (rows, key) =>
  rows.reduce((sum, row) => sum + (isNumber(row[key]) ? row[key] : 0), 0);

function pair(before, after, show) {
  const most = Math.max(before, after, 1e-30);
  const line = (label, value, kind) => [
    element('span', {}, label),
    element(
      'span',
      {class: 'track ' + kind},
      element('i', {size: ((100 * value) / most).toFixed(2) + '%'}),
    ),
    element('span', {class: 'value'}, show(value)),
  ];
  return element(
    'div',
    {class: 'pair'},
    line('before', before, 'before'),
    line('after', after, 'after'),
  );
}

function tile(label, big, small, ...rest) {
  return element(
    'div',
    {class: 'tile'},
    element('div', {class: 'label'}, label),
    element('div', {class: 'big'}, big, small ? [' ', element('small', {}, small)] : null),
    rest,
  );
}

function gainTile(label, before, after, show, better, worse, ...rest) {
  const gained = ratio(before, after);
  if (gained === null)
    return tile(
      label,
      isNumber(after) ? show(after) : show(before),
      isNumber(after) ? 'after' : 'before',
      rest,
    );
  const big = gained >= 0.995 ? digits(gained) + '\u00d7' : digits(1 / gained) + '\u00d7';
  return tile(label, big, gained >= 0.995 ? better : worse, pair(before, after, show), rest);
}

function accuracyTile(accuracy) {
  const metric = text(accuracy.metric) || 'metric';
  const percent =
    typeof accuracy.share === 'boolean'
      ? accuracy.share
      : percentMetrics.includes(metric.toLowerCase());
  const show = (value) =>
    percent ? (isNumber(value) ? fixed(value * 100, 2) + ' %' : '\u2013') : digits(value, 4);
  const move = (value) =>
    percent
      ? signed(isNumber(value) ? value * 100 : null, 2)
      : (value > 0 ? '+' : '') + digits(value, 3);
  const {low, high} = accuracy;
  const difference = isNumber(accuracy.difference)
    ? accuracy.difference
    : isNumber(accuracy.before) && isNumber(accuracy.after)
      ? accuracy.after - accuracy.before
      : null;
  const lines = [
    element(
      'p',
      {},
      `${show(accuracy.before)} before; ${move(difference)}${percent ? ' points' : ''}`,
      isNumber(accuracy.samples) ? ` on ${plural(accuracy.samples, 'sample')}` : '',
    ),
  ];
  if (isNumber(low) && isNumber(high)) {
    const reach = 1.15 * Math.max(Math.abs(low), Math.abs(high), 1e-12);
    const place = (value) => (50 + (50 * value) / reach).toFixed(2) + '%';
    const put = (kind, from, to) => {
      const made = element('i', {class: kind});
      made.style.left = place(from);
      if (to !== undefined) made.style.width = ((50 * (to - from)) / reach).toFixed(2) + '%';
      return made;
    };
    lines.push(
      element(
        'div',
        {class: 'interval', role: 'img', 'aria-label': 'The interval, and zero'},
        element('i', {class: 'axis'}),
        put('range', low, high),
        put('zero', 0),
        isNumber(difference) ? put('mean', difference) : null,
      ),
    );
    const better = accuracy.higher_is_better !== false;
    const verdict =
      low <= 0 && high >= 0
        ? 'no difference that these samples could show'
        : high < 0 === better
          ? 'a loss that is not by chance'
          : 'a gain that is not by chance';
    lines.push(element('p', {}, `95 % interval ${move(low)} \u2026 ${move(high)}: ${verdict}.`));
  }
  return tile(
    `Accuracy (${metric}${accuracy.higher_is_better === false ? ', lower is better' : ''})`,
    show(accuracy.after),
    'after',
    lines,
  );
}

function outputTile(outputs) {
  const worst = outputs.reduce(
    (a, b) => (isNumber(b.sqnr_db) && !(a.sqnr_db <= b.sqnr_db) ? b : a),
    outputs[0],
  );
  return tile(
    outputs.length > 1
      ? `Outputs, the worst of ${outputs.length}`
      : 'Output beside the float model\u2019s',
    ...(worst.largest_difference === 0 ? ['the same', ''] : [decibels(worst.sqnr_db), 'SQNR']),
    element('p', {class: 'name'}, name(worst.name)),
    element(
      'p',
      {},
      [
        isNumber(worst.cosine) && `cosine ${fixed(worst.cosine, 4)}`,
        isNumber(worst.largest_difference) &&
          `largest difference ${digits(worst.largest_difference)}`,
      ]
        .filter(Boolean)
        .join('; '),
    ),
  );
}

function head() {
  const size = object(report.size),
    latency = object(report.latency),
    samples = object(report.samples);
  const tiles = [gainTile('Size', size.before, size.after, bytes, 'smaller', 'larger')];
  if (isNumber(latency.before_us) || isNumber(latency.after_us)) {
    const where = [latency.isa, isNumber(latency.threads) && plural(latency.threads, 'thread')]
      .filter(Boolean)
      .join(', ');
    tiles.push(
      gainTile(
        'Latency' + (where ? ` (${where})` : ''),
        latency.before_us,
        latency.after_us,
        microseconds,
        'faster',
        'slower',
      ),
    );
  } else {
    missing('Latency before and after was not measured.');
  }
  if (isNumber(object(report.accuracy).after)) {
    tiles.push(accuracyTile(report.accuracy));
  } else {
    missing('Accuracy before and after: give labelled data with --labels and --metric.');
  }
  const outputs = objects(report.outputs);
  if (outputs.length > 0) tiles.push(outputTile(outputs));
  const used = [
    isNumber(samples.calibration) && `${plural(samples.calibration, 'sample')} for calibration`,
    isNumber(samples.evaluation) &&
      (others
        ? `${whole(samples.evaluation)} others for the figures`
        : `compared on ${whole(samples.evaluation)} of them`),
  ]
    .filter(Boolean)
    .join(', ');
  const notes = [...list(samples.doubts), ...list(report.remarks)].map(text).filter(Boolean);
  return [
    element('h1', {}, name(model || 'model')),
    element('p', {class: 'muted name'}, [
      'quantized to ',
      name(output),
      used ? `; ${used}` : '',
      report.tool ? `; ${text(report.tool)}` : '',
    ]),
    canDraw
      ? null
      : element(
          'p',
          {class: 'muted', id: 'tables-only'},
          'This build of qrt has no Chart.js: every chart is a table here. Install libjs-chart.js (or npm) and build again to have them drawn.',
        ),
    element('div', {class: 'tiles'}, tiles),
    notes.length
      ? element(
          'ul',
          {class: 'notes', 'aria-label': 'Warnings'},
          notes.map((note) => element('li', {}, note)),
        )
      : null,
  ];
}

function schemesSection() {
  const schemes = objects(report.schemes);
  if (schemes.length === 0) return;
  const stack = (label, key) => {
    const total = totalOf(schemes, key);
    if (!(total > 0)) return null;
    return element(
      'div',
      {},
      element('span', {}, label),
      element(
        'div',
        {class: 'stack'},
        schemes.map((row) =>
          row[key] > 0
            ? element('i', {
                tint: `var(${schemeColour(row.scheme)})`,
                size: ((100 * row[key]) / total).toFixed(2) + '%',
                title: `${text(row.scheme)}: ${share(row[key] / total)}`,
              })
            : null,
        ),
      ),
    );
  };
  const part = (key) => (row) =>
    totalOf(schemes, key) > 0 && isNumber(row[key]) ? row[key] / totalOf(schemes, key) : null;
  section(
    'schemes',
    'What runs as what',
    'Operators, multiplications and time by scheme, after quantization.',
    element(
      'div',
      {class: 'shares'},
      stack('Operators', 'operators'),
      stack('MACs', 'macs'),
      stack('Time', 'us'),
    ),
    table(
      [
        column('Scheme', (row) => schemeMark(row.scheme)),
        numbers('Operators', whole, (row) => row.operators),
        numbers('MACs', many, (row) => row.macs),
        numbers('of all', share, part('macs'), {wide: true}),
        numbers('Time', microseconds, (row) => row.us),
        numbers('of all', share, part('us'), {wide: true}),
      ],
      schemes,
    ).node,
  );
}

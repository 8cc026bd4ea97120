// Loss over latency of the mixes that the search tried, and how sensitive operators are to each scheme.
function tradeoffSection() {
  const points = objects(report.tradeoff)
    .filter((one) => isNumber(one.us) && isNumber(one.loss))
    .sort((a, b) => a.us - b.us);
  if (points.length === 0)
    return missing('The trade-off curve: --max-drop searches for a mix of schemes and draws it.');
  const chosen = points.filter((one) => one.chosen === true);
  const most = Math.max(...points.map((one) => one.us));
  const [unit, per] = most >= 1e6 ? ['s', 1e6] : most >= 1e3 ? ['ms', 1e3] : ['\u00b5s', 1];
  const xy = (one) => ({x: one.us / per, y: one.loss, of: one});
  const drawn = plot(
    'Loss over latency',
    () => ({
      type: 'scatter',
      data: {
        datasets: [
          {
            data: chosen.map(xy),
            pointRadius: 8,
            pointHoverRadius: 9,
            pointBackgroundColor: colour('--accent'),
            pointBorderColor: colour('--panel'),
            pointBorderWidth: 2,
          },
          {
            data: points.map(xy),
            showLine: true,
            borderColor: colour('--before'),
            borderWidth: 1.5,
            pointRadius: 4,
            pointHoverRadius: 6,
            pointBackgroundColor: colour('--muted'),
            pointBorderColor: colour('--panel'),
          },
        ],
      },
      options: chartOptions(
        {
          x: axis(`latency, ${unit}`, {
            ticks: {callback: (value) => tick(digits(value))},
            grace: '6%',
          }),
          y: axis('loss', {
            ticks: {callback: (value) => tick(digits(value, 2))},
            grace: '10%',
            min: points.some((one) => one.loss < 0) ? undefined : 0,
          }),
        },
        {
          title: (items) =>
            items.slice(0, 1).map((item) => shortened(item.raw.of.label, labelLength())),
          label: (item) =>
            (item.datasetIndex === 0 && item.raw.of.chosen && chosen.length < points.length
              ? 'chosen: '
              : '') + `${microseconds(item.raw.of.us)}, loss ${digits(item.raw.of.loss)}`,
        },
        {interaction: {mode: 'nearest', intersect: false, axis: 'xy'}},
      ),
    }),
    {low: true},
  );
  section(
    'tradeoff',
    'Trade-off',
    chosen.length
      ? [
          'The fastest mix for each loss. Chosen: ',
          element('b', {}, name(chosen[0].label)),
          `, ${microseconds(chosen[0].us)} at a loss of ${digits(chosen[0].loss)}.`,
        ]
      : 'The fastest mix for each loss.',
    drawn.node,
    asTable(
      table(
        [
          names('Mix', (row) => row.label),
          numbers('Latency', microseconds, (row) => row.us),
          numbers('Loss', digits, (row) => row.loss),
          column('', (row) => (row.chosen === true ? 'chosen' : '')),
        ],
        points,
      ),
    ),
  );
}

function sensitivitySection() {
  const rows = objects(report.sensitivity);
  if (rows.length === 0)
    return missing('Sensitivity by scheme: --max-drop measures every operator under every scheme.');
  const schemes = [...new Set(rows.map((row) => text(row.scheme)))];
  const byName = new Map();
  for (const row of rows) {
    const key = text(row.operator);
    if (!byName.has(key)) byName.set(key, {operator: key, schemes: new Map()});
    byName.get(key).schemes.set(text(row.scheme), row);
  }
  const place = new Map(operators.map((one, at) => [text(one.name), at]));
  const order = (one) => (place.has(one.operator) ? place.get(one.operator) : Infinity);
  const all = [...byName.values()].sort((a, b) =>
    order(a) === order(b) ? 0 : order(a) - order(b),
  );
  const of = (one, scheme, key) => {
    const row = one.schemes.get(scheme);
    return row && isNumber(row[key]) ? row[key] : null;
  };
  const drawn = plot('SQNR of the output when one operator alone is quantized', () => ({
    type: 'line',
    data: {
      labels: all.map((one, at) => at + 1),
      datasets: schemes.map((scheme) => ({
        label: scheme,
        data: all.map((one) => of(one, scheme, 'sqnr_db')),
        borderColor: colour(schemeColour(scheme)),
        backgroundColor: colour(schemeColour(scheme)),
        borderWidth: 1.5,
        pointRadius: 2,
        pointHoverRadius: 5,
        spanGaps: true,
      })),
    },
    options: chartOptions(
      {x: axis('operators in the order they run'), y: axis('SQNR, dB')},
      {
        title: (items) => shortened(all[items[0].dataIndex].operator, labelLength()),
        label: (item) =>
          `${item.dataset.label}: ${decibels(item.raw)}, ${microseconds(of(all[item.dataIndex], item.dataset.label, 'us'))}`,
      },
      {interaction: {mode: 'index', intersect: false}},
    ),
  }));
  const worst = (one) =>
    Math.min(...schemes.map((scheme) => of(one, scheme, 'sqnr_db')).filter(isNumber));
  const legend = element('div', {class: 'legend'}, schemes.map(schemeMark));
  section(
    'sensitivity',
    'Sensitivity by scheme',
    'The output\u2019s SQNR when this operator alone is quantized, and the operator\u2019s time: the lower a line dips, the dearer the scheme is there.',
    drawn.node,
    drawn.node && legend,
    asTable(
      table(
        [
          names('Operator', (row) => row.operator),
          ...schemes.flatMap((scheme) => [
            numbers(scheme, decibels, (row) => of(row, scheme, 'sqnr_db')),
            numbers('time', microseconds, (row) => of(row, scheme, 'us'), {wide: true}),
          ]),
        ],
        all.slice().sort((a, b) => worst(a) - worst(b) || 0),
        {limit: 15},
      ),
    ),
  );
}

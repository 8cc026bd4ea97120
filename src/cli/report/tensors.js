// SQNR along the network, and the tensors that lose most.
const operatorAt = new Map(operators.map((one, at) => [text(one.name), at]));
const operatorOf = (tensor) => operators[operatorAt.get(text(tensor.operator))] || {};
const tensors = objects(report.tensors)
  .map((tensor, at) => ({tensor, at, runs: operatorAt.get(text(tensor.operator)) ?? -1}))
  .sort((a, b) => a.runs - b.runs || a.at - b.at)
  .map((one) => one.tensor);
let chooseTensor = () => {};

function networkSection() {
  const known = tensors.filter((tensor) => isNumber(tensor.sqnr_db));
  if (known.length === 0)
    return missing('SQNR along the network: no tensor was compared with the float model\u2019s.');
  const schemeOf = (tensor) => operatorOf(tensor).scheme || tensor.type;
  const used = [...new Set(known.map((tensor) => text(schemeOf(tensor))))];
  const drawn = plot('SQNR of each tensor, in the order of execution', () => ({
    type: 'line',
    data: {
      labels: known.map((tensor, at) => at + 1),
      datasets: [
        {
          data: known.map((tensor) => tensor.sqnr_db),
          borderColor: colour('--before'),
          borderWidth: 1.5,
          pointRadius: known.length > 120 ? 2.5 : 4,
          pointHoverRadius: 7,
          pointBorderWidth: 0,
          pointBackgroundColor: known.map((tensor) => colour(schemeColour(schemeOf(tensor)))),
        },
      ],
    },
    options: chartOptions(
      {x: axis('operators in the order they run'), y: axis('SQNR, dB')},
      {
        title: (items) =>
          shortened(
            known[items[0].dataIndex].operator || known[items[0].dataIndex].name,
            labelLength(),
          ),
        label: (item) => {
          const tensor = known[item.dataIndex];
          return [text(operatorOf(tensor).kind), text(schemeOf(tensor)), decibels(tensor.sqnr_db)]
            .filter(Boolean)
            .join(', ');
        },
      },
      {
        onClick: (event, found) => {
          if (found.length === 0) return;
          chooseTensor(known[found[0].index]);
          if (object(event.native).pointerType !== 'touch') showHistogram(); // a tap shows the name alone
        },
      },
    ),
  }));
  section(
    'network',
    'SQNR along the network',
    'Signal to noise of each operator\u2019s output beside the float model\u2019s' +
      (others ? ', on samples that were not calibrated on' : '') +
      '. A click opens the tensor\u2019s histogram.',
    drawn.node,
    drawn.node && element('div', {class: 'legend'}, used.map(schemeMark)),
    asTable(
      table(
        [
          names('Operator', (row) => row.operator),
          column('Scheme', (row) => schemeMark(schemeOf(row)), {value: schemeOf}),
          numbers('SQNR', decibels, (row) => row.sqnr_db),
        ],
        known,
        {limit: 20},
      ),
    ),
  );
}

function tensorsSection() {
  if (tensors.length === 0) return missing('Tensors and their histograms: nothing was calibrated.');
  const worst = tensors
    .filter((tensor) => isNumber(tensor.sqnr_db))
    .sort((a, b) => a.sqnr_db - b.sqnr_db)
    .slice(0, 10);
  const panel = histogramPanel();
  const rows = worst.length
    ? table(
        [
          column(
            'Tensor',
            (row) => element('button', {type: 'button', class: 'link'}, name(row.name)),
            {kind: 'name', value: (row) => row.name},
          ),
          column('Type', (row) => text(row.type), {value: (row) => row.type, wide: true}),
          numbers('SQNR', decibels, (row) => row.sqnr_db),
          column('Codes reach', (row) => range(row.low, row.high), {number: true, wide: true}),
          column('Seen', (row) => range(row.seen_low, row.seen_high), {number: true, wide: true}),
          numbers('Clipped', share, (row) => row.clipped_share),
          column('Chosen by', (row) => text(row.how), {value: (row) => row.how, wide: true}),
        ],
        worst,
        {
          click: (row) => {
            chooseTensor(row);
            showHistogram();
          },
        },
      )
    : null;
  section(
    'tensors',
    'Tensors',
    worst.length
      ? `The ${worst.length} with the lowest SQNR; below, any tensor\u2019s values with the range that its codes reach. What lies in the shaded part is clipped.`
      : 'Any tensor\u2019s values with the range that its codes reach. What lies in the shaded part is clipped.',
    rows && element('div', {id: 'worst'}, rows.node),
    element('div', {class: 'row'}),
    panel,
  );
  chooseTensor(worst[0] || tensors[0]);
}

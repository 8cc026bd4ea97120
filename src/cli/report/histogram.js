// The histogram of a tensor that the reader chooses, with the range that its codes reach.
const showHistogram = () => document.getElementById('histogram').scrollIntoView({block: 'nearest'});

// Bins as steps from `low` on, within what was seen and what the codes reach.
function bins(tensor) {
  const histogram = object(tensor.histogram);
  const counts = list(histogram.counts).map((count) => (isNumber(count) && count > 0 ? count : 0));
  const {low, width} = histogram;
  if (!isNumber(low) || !isNumber(width) || width <= 0 || !counts.some((count) => count > 0))
    return null;
  const first = counts.findIndex((count) => count > 0);
  let last = counts.length - 1;
  while (counts[last] === 0) --last;
  const made = [];
  for (let at = first; at <= last; ++at)
    made.push({from: low + at * width, to: low + (at + 1) * width, count: counts[at]});
  return made;
}

// The range that the codes reach, over the bins: what lies outside is clipped.
const clippingRange = (tensor) => ({
  id: 'clipping-range',
  afterDatasetsDraw(chart) {
    const {
      ctx,
      chartArea: {left, right, top, bottom},
      scales: {x},
    } = chart;
    const edge = (value, outside, sign) => {
      if (!isNumber(value)) return;
      const at = Math.min(Math.max(x.getPixelForValue(value), left), right);
      ctx.fillStyle = colour('--shade');
      ctx.fillRect(Math.min(at, outside), top, Math.abs(outside - at), bottom - top);
      ctx.fillStyle = colour('--bad');
      ctx.fillRect(Math.round(at) - 0.75, top, 1.5, bottom - top);
      ctx.font = `11px ${Chart.defaults.font.family}`;
      ctx.textBaseline = 'top';
      const label = digits(value),
        wide = ctx.measureText(label).width;
      const inside = at + sign * 5 - (sign < 0 ? wide : 0);
      ctx.fillText(label, Math.min(Math.max(inside, left + 2), right - wide - 2), top + 2);
    };
    ctx.save();
    edge(tensor.low, left, 1);
    edge(tensor.high, right, -1);
    ctx.restore();
  },
});

function histogramChart(tensor, logarithmic) {
  const steps = bins(tensor);
  const data = steps.map((bin) => ({x: bin.from, y: bin.count || null, bin}));
  data.push({
    x: steps[steps.length - 1].to,
    y: steps[steps.length - 1].count,
    bin: steps[steps.length - 1],
  });
  const ends = [steps[0].from, steps[steps.length - 1].to, tensor.low, tensor.high].filter(
    isNumber,
  );
  const low = Math.min(...ends),
    high = Math.max(...ends),
    margin = 0.02 * (high - low || 1);
  const floor = logarithmic ? 0.7 : 0;
  return {
    type: 'line',
    data: {
      datasets: [
        {
          data: data.map((one) => ({...one, y: one.y === null ? floor : one.y})),
          stepped: true,
          fill: 'start',
          borderColor: colour('--accent'),
          borderWidth: 1,
          backgroundColor: colour('--accent') + '66',
          pointRadius: 0,
          pointHoverRadius: 0,
        },
      ],
    },
    options: chartOptions(
      {
        x: axis('value', {
          type: 'linear',
          min: low - margin,
          max: high + margin,
          ticks: {includeBounds: false, callback: (value) => tick(digits(value))},
        }),
        y: axis(logarithmic ? 'values (logarithmic)' : 'values', {
          type: logarithmic ? 'logarithmic' : 'linear',
          min: floor,
          ticks: {
            callback: (value) =>
              !logarithmic || Number.isInteger(Math.log10(value)) ? tick(many(value)) : null,
          },
        }),
      },
      {
        title: (items) => `${digits(items[0].raw.bin.from)} \u2026 ${digits(items[0].raw.bin.to)}`,
        label: (item) => plural(item.raw.bin.count, 'value'),
      },
    ),
    plugins: [clippingRange(tensor)],
  };
}

const clippedShare = (tensor) => share(tensor.clipped_share);

function facts(tensor) {
  const all = [
    ['operator', name(tensor.operator)],
    ['type', text(tensor.type)],
    ['SQNR', decibels(tensor.sqnr_db)],
    ['range of the codes', range(tensor.low, tensor.high)],
    ['seen', range(tensor.seen_low, tensor.seen_high)],
    ['clipped', clippedShare(tensor)],
    isNumber(tensor.scale) ? ['scale', digits(tensor.scale, 4)] : null,
    isNumber(tensor.zero_point)
      ? ['zero point', String(tensor.zero_point).replace('-', '\u2212')]
      : null,
    tensor.how ? ['chosen by', text(tensor.how)] : null,
  ].filter((one) => one && one[1] && one[1].length !== 0);
  return element(
    'dl',
    {class: 'facts'},
    all.map(([label, value]) =>
      element('div', {}, element('dt', {}, label), element('dd', {}, value)),
    ),
  );
}

function histogramPanel() {
  let tensor = null;
  let logarithmic = true;
  const title = element('h3', {class: 'name'});
  const scale = element(
    'button',
    {
      type: 'button',
      'aria-pressed': 'true',
      on: {
        click: () => {
          logarithmic = !logarithmic;
          scale.setAttribute('aria-pressed', String(logarithmic));
          drawn.redraw();
        },
      },
    },
    'Logarithmic',
  );
  const drawn = plot('Histogram of the chosen tensor', () =>
    tensor && bins(tensor)
      ? histogramChart(tensor, logarithmic)
      : {type: 'line', data: {datasets: []}},
  );
  const none = element(
    'p',
    {class: 'muted', hidden: true},
    'No values of this tensor were counted.',
  );
  const below = element('div');
  const choices = picker(
    'tensors',
    tensors.map((one) => ({label: one.name, note: decibels(one.sqnr_db), value: one})),
    (value) => {
      tensor = value;
      title.replaceChildren(...name(tensor.name));
      const steps = bins(tensor);
      none.hidden = steps !== null;
      if (drawn.node) drawn.node.hidden = steps === null;
      scale.hidden = steps === null || !drawn.node;
      drawn.redraw();
      below.replaceChildren(
        facts(tensor),
        steps
          ? asTable(
              table(
                [
                  column('From', (bin) => digits(bin.from), {number: true}),
                  column('To', (bin) => digits(bin.to), {number: true}),
                  column('Values', (bin) => whole(bin.count), {number: true}),
                ],
                steps,
                {tall: true},
              ),
            )
          : '',
      );
    },
  );
  chooseTensor = choices.pick;
  return element(
    'div',
    {id: 'histogram', class: 'beside'},
    choices.node,
    element(
      'div',
      {},
      element('div', {class: 'row'}, element('div', {class: 'grow'}, title), scale),
      drawn.node,
      none,
      below,
    ),
  );
}

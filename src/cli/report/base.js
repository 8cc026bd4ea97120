'use strict';
// What every section uses: the report, elements, and numbers as text. Names come from a model and are
// never read as HTML: element() makes text of every string.
const report = JSON.parse(document.getElementById('report').textContent);

const list = (value) => (Array.isArray(value) ? value : []);
const object = (value) =>
  value && typeof value === 'object' && !Array.isArray(value) ? value : {};
const objects = (value) => list(value).map(object);
// NaN and infinity are null in JSON: they show as a dash and are left out of charts.
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const text = (value) => (value === null || value === undefined ? '' : String(value));

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'on') {
      for (const [event, call] of Object.entries(value)) made.addEventListener(event, call);
    } else if (key === 'tint') {
      made.style.setProperty('--tint', value);
    } else if (key === 'size') {
      made.style.width = value;
    } else {
      made.setAttribute(key, value === true ? '' : String(value));
    }
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    made.append(child instanceof Node ? child : String(child));
  }
  return made;
}

// A name may break after its separators.
function name(value) {
  const parts = text(value).split(/(?<=[/_:;])/);
  return parts.flatMap((part, at) => (at > 0 && at < 64 ? [element('wbr'), part] : [part]));
}

// The end of a long name tells more than its start.
function shortened(value, most) {
  const all = Array.from(text(value));
  return all.length <= most ? all.join('') : '\u2026' + all.slice(1 - most).join('');
}

const minus = (shown) => shown.replace('-', '\u2212').replace('e+', 'e').replace('e-', 'e\u2212');

function digits(value, count = 3) {
  if (!isNumber(value)) return '\u2013';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1e-4 || size >= 1e7) return minus(value.toExponential(count - 1));
  const before = size < 1 ? 0 : Math.floor(Math.log10(size)) + 1;
  if (size >= 1) return minus(value.toFixed(Math.max(0, count - before)));
  return minus(String(Number(value.toPrecision(count))));
}

function fixed(value, places) {
  return isNumber(value) ? minus(value.toFixed(places)) : '\u2013';
}

// On an axis: 7, not 7.00.
const tick = (shown) => shown.replace(/(\.\d*?)0+(?=\D*$)/, '$1').replace(/\.(?=\D*$)/, '');

const decibels = (value) => (isNumber(value) ? fixed(value, 1) + ' dB' : '\u2013');
const signed = (value, places) => (isNumber(value) && value > 0 ? '+' : '') + fixed(value, places);

function withUnit(value, units) {
  if (!isNumber(value)) return '\u2013';
  let at = 0;
  while (at + 1 < units.length && Math.abs(value) >= 999.5) {
    value /= 1000;
    ++at;
  }
  return (Math.abs(value) >= 999.5 ? String(Math.round(value)) : digits(value)) + units[at];
}

const bytes = (value) => withUnit(value, [' B', ' kB', ' MB', ' GB']);
const microseconds = (value) => withUnit(value, [' \u00b5s', ' ms', ' s']);
const many = (value) =>
  isNumber(value) && Math.abs(value) < 1000
    ? String(Math.round(value))
    : withUnit(value, ['', ' k', ' M', ' G', ' T']);
const whole = (value) =>
  isNumber(value) ? value.toLocaleString('en').replace(/,/g, '\u202f') : '\u2013';
const plural = (count, one) => whole(count) + ' ' + one + (count === 1 ? '' : 's');

function share(value) {
  if (!isNumber(value)) return '\u2013';
  if (value === 0) return '0 %';
  const percent = value * 100;
  return percent < 0.001 ? '< 0.001 %' : digits(percent, percent < 1 ? 2 : 3) + ' %';
}

function ratio(before, after) {
  return isNumber(before) && isNumber(after) && before > 0 && after > 0 ? before / after : null;
}

const range = (low, high) => digits(low) + ' \u2026 ' + digits(high);

// A scheme's colour, as a name of page.css. What no colour is set for shares one.
function schemeColour(scheme) {
  const of = text(scheme).toLowerCase();
  if (/dyn/.test(of)) return '--dynamic';
  if (/f32|float32/.test(of)) return '--float';
  return (
    '--' + (['s16', 's4', 'f16', 'float', 's8'].find((known) => of.includes(known)) || 'other')
  );
}
const schemeMark = (scheme) =>
  element(
    'span',
    {class: 'scheme', tint: `var(${schemeColour(scheme)})`},
    text(scheme) || '\u2013',
  );

// The sections, in the order of the page; `missing` says what option of qrt quantize would fill one.
const sections = [];
const absent = [];
function section(id, title, about, ...nodes) {
  sections.push({
    id,
    title,
    node: element(
      'section',
      {id},
      element('h2', {}, title),
      about ? element('p', {class: 'about'}, about) : null,
      nodes,
    ),
  });
}
const missing = (what) => absent.push(what);

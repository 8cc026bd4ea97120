// Light or dark: as the system is, until the reader chooses.
const systemTheme = window.matchMedia('(prefers-color-scheme: dark)');
const themeButton = document.getElementById('theme');
const redraws = []; // what is drawn in colours that CSS does not reach

function storedTheme(value) {
  try {
    if (value) localStorage.setItem('qrt-report-theme', value);
    return localStorage.getItem('qrt-report-theme');
  } catch (refused) {
    return value || null;
  }
}

function showTheme() {
  const stored = storedTheme();
  const dark = stored ? stored === 'dark' : systemTheme.matches;
  setTheme(dark ? 'dark' : 'light');
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  themeButton.textContent = theme === 'dark' ? 'Light' : 'Dark';
  themeButton.setAttribute(
    'aria-label',
    theme === 'dark' ? 'Switch to light colours' : 'Switch to dark colours',
  );
  for (const redraw of redraws) redraw();
}

themeButton.addEventListener('click', () => {
  const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  storedTheme(next);
  setTheme(next);
});
systemTheme.addEventListener('change', showTheme);
showTheme();

const colour = (variable) =>
  getComputedStyle(document.documentElement).getPropertyValue(variable).trim();

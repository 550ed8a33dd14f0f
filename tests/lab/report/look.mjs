// Pages of the station as a phone, a computer and a printer show them: accessibility, letters, width, printed pages.
//
//   cd tests/lab/report && npm install
//   node look.mjs OUT report.html...          writes pictures and a PDF into OUT; ends with 1 when it finds anything
//
// CHROMIUM names the browser (default /usr/bin/chromium), PAPER the paper (default A4).
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const SMALLEST_PX = 12, MOST_PAGES = 2;
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const [out, ...files] = process.argv.slice(2);
let findings = 0;

function say(found, ...words) {
  if (found) findings += 1;
  console.log(found ? 'FOUND' : 'ok   ', ...words);
}

// Runs in the page: texts that are drawn smaller than SMALLEST_PX, with the size of charts as they are drawn.
function smallTexts(smallest) {
  const small = {};
  const note = (kind, px, text) => { if (px < smallest) small[`${kind} ${px.toFixed(1)} px`] ??= text.trim().slice(0, 40); };
  for (const text of document.querySelectorAll('svg text')) {
    const svg = text.ownerSVGElement;
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    if (scale > 0) note('chart', parseFloat(getComputedStyle(text).fontSize) * scale, text.textContent);
  }
  for (const element of document.querySelectorAll('body *:not(svg *)')) {
    const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (own.length) note('text', parseFloat(getComputedStyle(element).fontSize), own[0].textContent);
  }
  return small;
}

async function look(browser, file) {
  const name = path.basename(path.dirname(path.resolve(file))) + '-' + path.basename(file, '.html');
  // The page forbids every script, which is right; only here one has to run.
  const html = fs.readFileSync(file, 'utf8').replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');
  for (const width of [360, 1100]) {
    for (const scheme of ['light', 'dark']) {
      const page = await browser.newPage();
      await page.setViewport({ width, height: 800, deviceScaleFactor: 1, isMobile: width < 500 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.setContent(html);
      await page.screenshot({ path: `${out}/${name}-${width}-${scheme}.png`, fullPage: true });
      const where = `${name}, ${width} px, ${scheme}:`;
      const [needs, has] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      say(needs > has, where, `${needs} of ${has} px wide`);
      const small = await page.evaluate(smallTexts, SMALLEST_PX);
      say(Object.keys(small).length, where, `texts under ${SMALLEST_PX} px:`, JSON.stringify(small));
      await page.evaluate(AXE);
      const violations = await page.evaluate(async () => (await axe.run(document, { resultTypes: ['violations'] })).violations);
      const said = violations.map((one) => `${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 100)}`);
      say(said.length, where, 'axe:', said.length ? said.join('; ') : 'no finding');
      await page.close();
    }
  }
  const page = await browser.newPage();
  await page.setContent(html);
  await page.pdf({ path: `${out}/${name}.pdf`, format: process.env.PAPER ?? 'A4', preferCSSPageSize: true });
  const pages = (fs.readFileSync(`${out}/${name}.pdf`, 'latin1').match(/\/Type\s*\/Page[^s]/g) ?? []).length;
  say(pages > MOST_PAGES, `${name}, printed: ${pages} pages`);
  await page.close();
}

if (!out || !files.length) {
  console.error('usage: node look.mjs OUT report.html...');
  process.exit(2);
}
fs.mkdirSync(out, { recursive: true });
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
for (const file of files) await look(browser, file);
await browser.close();
process.exit(findings ? 1 : 0);

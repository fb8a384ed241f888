// The /try page in a real browser: TRY_URL is the address that `switchboard --try` prints, with its token.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const url = process.env.TRY_URL;
assert.ok(url, 'TRY_URL must be the address of the page, as in http://127.0.0.1:3001/try#token=…');

// Chromium would ask its maker's servers for updates; a closed network refuses, and the console is full of it.
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
// A run on a server that was used before must not meet the guest of that run.
const name = `Marie ${Date.now().toString(36)}`;
const complaints = [];
let browser, page, guest, operator;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(15_000);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('response', (response) => response.status() >= 400 && complaints.push(`${response.status()} ${response.url()}`));
  guest = page.getByRole('region', { name: 'Guest' });
  operator = page.getByRole('region', { name: 'Operator' });
});

after(() => browser?.close());

const seen = (pane, text) => pane.getByRole('log').getByText(text, { exact: true }).waitFor();
const ready = (pane) => pane.getByRole('status').filter({ hasText: /^Connected$/ }).waitFor();

async function write(pane, text) {
  await pane.getByLabel('Message').fill(text);
  await pane.getByLabel('Message').press('Enter');
}

test('the operator is signed in by the address, which loses the token at once', async () => {
  await page.goto(url);
  await ready(operator);
  assert.equal(new URL(page.url()).hash, '');
});

test('a guest starts a conversation and waits', async () => {
  await guest.getByLabel('Name').fill(name);
  await guest.getByLabel('E-mail').fill('marie@example.org');
  await guest.getByRole('button', { name: 'Start chat' }).click();
  await ready(guest);
  await guest.getByText(/in the queue|Waiting for an operator/).waitFor();
});

test('the default transport ends up as a WebSocket', async () => {
  await guest.getByText('WebSocket', { exact: true }).waitFor();
  await operator.getByText('WebSocket', { exact: true }).waitFor();
});

test('the operator sees the waiting guest, with the message counted as unread', async () => {
  await write(guest, 'Is anybody there?');
  const row = operator.getByRole('listitem').filter({ hasText: name });
  await row.getByText('waiting', { exact: true }).waitFor();
  await row.getByText('Is anybody there?').waitFor();
  await row.getByText('1 unread').waitFor();
});

test('the operator takes the session and reads what was written before', async () => {
  await operator.getByRole('listitem').filter({ hasText: name }).getByRole('button').click();
  await seen(operator, 'Is anybody there?');
  await guest.getByText(/joined the conversation/).waitFor();
});

test('messages go both ways and are shown in both panes', async () => {
  await write(operator, 'Yes. What can I do for you?');
  await seen(guest, 'Yes. What can I do for you?');
  await write(guest, 'My parcel has not come.\nIt is number 4711.');
  const both = page.getByRole('log').getByText('It is number 4711.');
  await both.nth(1).waitFor();
  assert.equal(await both.count(), 2);
});

test('the author sees that a message was stored, if not more than that', async () => {
  const tick = /^(Sent and stored|Delivered|Read)$/;
  await guest.getByRole('log').getByText(tick).last().waitFor();
  await operator.getByRole('log').getByText(tick).last().waitFor();
  await page.getByRole('log').getByText('Sending', { exact: true }).first().waitFor({ state: 'detached' });
});

test('markup in a message is text', async () => {
  await write(guest, '<img src=x onerror="document.title=1">');
  await seen(operator, '<img src=x onerror="document.title=1">');
  assert.equal(await page.locator('.log img').count(), 0);
});

test('everything can be used by name and stays in a narrow window', async () => {
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll('input, textarea, select, button')]
      .filter((control) => control.checkVisibility())
      .filter((control) => !(control.labels?.length || control.textContent.trim() || control.ariaLabel))
      .map((control) => control.outerHTML),
  );
  assert.deepEqual(nameless, []);
  assert.equal(await page.locator('html[lang]').count(), 1);
  assert.equal(await page.getByRole('log', { name: /.+/ }).count(), 2);
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
  const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map((element) => element.id));
  assert.equal(new Set(ids).size, ids.length, 'an id is used twice');

  await page.setViewportSize({ width: 360, height: 740 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await page.setViewportSize({ width: 1280, height: 800 });
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
});

test('a reload keeps the conversation on both sides, each message once', async () => {
  await page.reload();
  for (const pane of [guest, operator]) {
    await ready(pane);
    await seen(pane, 'Is anybody there?');
    await seen(pane, 'Yes. What can I do for you?');
    assert.equal(await pane.getByRole('log').getByText('It is number 4711.').count(), 1);
    // Whoever leaves in the middle of an upgrade finds its old connection gone, which the console tells.
    await pane.getByText('WebSocket', { exact: true }).waitFor();
  }
});

test('the conversation goes on by long-polling alone', async () => {
  await guest.getByLabel('Transport').selectOption('polling');
  await guest.getByText('HTTP long-polling', { exact: true }).waitFor();
  await write(guest, 'And now by polling.');
  await seen(operator, 'And now by polling.');
  await write(operator, 'That works as well.');
  await seen(guest, 'That works as well.');
});

test('the conversation goes on by WebSocket alone', async () => {
  await guest.getByLabel('Transport').selectOption('websocket');
  await guest.getByText('WebSocket', { exact: true }).waitFor();
  await write(guest, 'And now by WebSocket.');
  await seen(operator, 'And now by WebSocket.');
});

test('what is written without a network is sent when it is back, once', async () => {
  const before = complaints.length;
  const sending = guest.getByRole('log').getByText('Sending', { exact: true });
  await sending.first().waitFor({ state: 'detached' });
  await page.context().setOffline(true);
  try {
    await guest.getByText('Offline, messages will be sent later').waitFor();
    await write(guest, 'Are you still there?');
    await sending.first().waitFor();
  } finally {
    await page.context().setOffline(false);
  }
  await seen(operator, 'Are you still there?');
  await sending.first().waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('log').getByText('Are you still there?').count(), 2);
  // Requests that failed for want of a network are in the console, as they should be.
  complaints.splice(before);
});

test('the operator ends the session, and the guest is told', async () => {
  await operator.getByRole('button', { name: 'End session' }).click();
  await guest.getByText('The conversation has ended').waitFor();
  await guest.getByRole('button', { name: 'New chat' }).waitFor();
  assert.ok(await guest.getByLabel('Message').isDisabled());
});

test('the browser had nothing to complain about', () => {
  assert.deepEqual(complaints, []);
});

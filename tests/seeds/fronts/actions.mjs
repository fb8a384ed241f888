// `actions/chat.ts` as a dashboard of seed 004 gets it: compiled by TypeScript, one for each page.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const web = new URL('../../../src/web/', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'switchboard-actions.'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let pages = 0;

/** Of a page that is opened anew, on a relay behind that address. */
export async function actionsOf(url, token) {
  compile();
  const page = join(folder, `page-${(pages += 1)}.mjs`);
  // As Next.js does when it builds a page.
  const built = readFileSync(join(folder, 'chat.js'), 'utf8').replaceAll('process.env.NEXT_PUBLIC_SOCKET_URL', JSON.stringify(url));
  writeFileSync(page, built);
  const actions = await import(pathToFileURL(page));
  actions.asOperator(token);
  return actions;
}

function compile() {
  if (pages > 0) return;
  const options = ['--strict', '--target', 'ES2023', '--module', 'ESNext', '--moduleResolution', 'bundler', '--lib', 'ES2023,DOM,DOM.Iterable'];
  const compiler = join(web, 'node_modules/.bin/tsc');
  if (!existsSync(compiler)) throw new Error('TypeScript is not here: run `make web` first');
  try {
    execFileSync(compiler, [...options, '--types', '', '--outDir', folder, join(web, 'drop_in/actions/chat.ts')], { cwd: folder });
  } catch (error) {
    throw new Error(`tsc: ${error.message} ${error.stdout ?? ''}`);
  }
}

/** All of a chat as a person sees it, by its number or by what events call it. */
export async function chatOf(actions, clientId) {
  const rows = await actions.getChatHistoryAction({ clientId, limit: 200 });
  return rows.map(({ messageId, seq, text, messageType, senderType, senderName, createdAt }) => ({
    messageId, seq, text, type: messageType.toLowerCase(), side: senderType === 'CLIENT' ? 'in' : 'out', author: senderName, timestamp: createdAt,
  }));
}

/** A guest whose network lets no socket through: plain requests of its page, in the words of the routes. */
export async function plainGuest(url, name, details) {
  const post = async (path, body, token) => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${url}/api/v1/compat/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, answer: await answer.json() };
  };
  const { status, answer } = await post('join', { role: 'client', name, ...details });
  if (status !== 200) throw new Error(`join: ${status} ${JSON.stringify(answer)}`);
  const { clientId, token } = answer;
  const save = (text, more) => post('saveChatMessage', { clientId, senderType: 'CLIENT', messageType: 'TEXT', text, ...more }, token);
  return { name, clientId, token, save, rejoin: () => post('join', { role: 'client', name, token }), actions: await actionsOf(url, token) };
}

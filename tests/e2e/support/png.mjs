// Pictures, made here so that a test says how large they are.

import { randomFillSync } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Of random colours, so that it is as large as it looks; `header` may say that it is another size. */
export function png(width, height, { header = [width, height] } = {}) {
  const rows = Buffer.alloc(height * (1 + width * 3));
  randomFillSync(rows);
  for (let y = 0; y < height; y += 1) rows[y * (1 + width * 3)] = 0;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(header[0], 0);
  head.writeUInt32BE(header[1], 4);
  head.set([8, 2, 0, 0, 0], 8);
  const chunks = [chunk('IHDR', head), chunk('IDAT', deflateSync(rows, { level: 1 })), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...chunks]);
}

/** The same picture with what an editor or a camera writes beside it. */
export function noted(bytes, text) {
  const behindHeader = SIGNATURE.length + 25;
  return Buffer.concat([bytes.subarray(0, behindHeader), chunk('tEXt', Buffer.from(`Comment\0${text}`, 'latin1')), bytes.subarray(behindHeader)]);
}

export function dataUrl(bytes, mime = 'image/png') {
  return `data:${mime};base64,${bytes.toString('base64')}`;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}

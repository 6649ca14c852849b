// Pictures for the siege, since their bytes are made here.
import { crc32, deflateSync } from 'node:zlib';

const chunk = (type, data) => {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
};

/// A grey picture; `pixel(x, y)` says how bright each is, or all are black.
export const png = (width, height, pixel) => {
  const rows = Buffer.alloc(height * (width + 1));
  if (pixel) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) rows[y * (width + 1) + x + 1] = pixel(x, y);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
};

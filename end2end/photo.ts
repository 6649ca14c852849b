// Test photos like those of phones: a JPEG, red on the left and blue on the right, with EXIF
// orientation, GPS position and camera maker.
import { readFileSync } from 'node:fs';

const jpeg = readFileSync(new URL('photo.jpg', import.meta.url));

/** Values that must not be found on the server's disk. */
export const secret = 'SecretPhone-31.2235N-121.4451E';

/** EXIF with an orientation, a maker and a GPS position (TIFF, little endian). */
function exif(orientation: number): Buffer {
  const maker = Buffer.from(`${secret}\0`);
  const entry = (tag: number, type: number, count: number, value: number): Buffer => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(type, 2);
    bytes.writeUInt32LE(count, 4);
    bytes.writeUInt32LE(value, 8);
    return bytes;
  };
  const directory = (...entries: Buffer[]): Buffer => {
    const count = Buffer.alloc(2);
    count.writeUInt16LE(entries.length);
    return Buffer.concat([count, ...entries, Buffer.alloc(4)]);
  };
  const size = (entries: number): number => 2 + 12 * entries + 4;
  const gpsAt = 8 + size(3);
  const dataAt = gpsAt + size(2);
  const main = directory(
    entry(0x010f, 2, maker.length, dataAt), // Make
    entry(0x0112, 3, 1, orientation),
    entry(0x8825, 4, 1, gpsAt), // GPS directory
  );
  const gps = directory(
    entry(1, 2, 2, 'N'.charCodeAt(0)), // GPSLatitudeRef
    entry(2, 5, 3, dataAt + maker.length), // GPSLatitude
  );
  const latitude = Buffer.alloc(24);
  for (const [i, n] of [31, 1, 13, 1, 246, 10].entries()) latitude.writeUInt32LE(n, 4 * i);
  const tiff = Buffer.concat([Buffer.from('II*\0\x08\0\0\0', 'latin1'), main, gps, maker, latitude]);
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** A JPEG with EXIF orientation, maker and GPS position. */
export function photo(name = 'IMG_0001.jpg', orientation = 1) {
  const bytes = Buffer.concat([jpeg.subarray(0, 2), exif(orientation), jpeg.subarray(2)]);
  return { name, mimeType: 'image/jpeg', buffer: bytes };
}

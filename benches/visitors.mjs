// Prints the cookies of as many visitors as asked for, one a line, each from a real GET.
import http from 'node:http';

const [url, count] = [process.argv[2], Number(process.argv[3])];
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const visit = () =>
  new Promise((resolve, reject) => {
    http.get(`${url}/`, { agent, headers: { 'accept-encoding': 'br' } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.headers['set-cookie'][0].split(';')[0]));
    }).on('error', reject);
  });
let left = count;
const worker = async () => {
  while (left-- > 0) process.stdout.write(`${await visit()}\n`);
};
await Promise.all(Array.from({ length: 64 }, worker));
agent.destroy();

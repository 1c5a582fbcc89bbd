import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectNode, type ChainNode, type CoreNodeOptions } from '../../../src/chain/index.ts';

const opened: { server: Server; node: ChainNode }[] = [];

async function against(
  listener: RequestListener,
  options: Partial<CoreNodeOptions> = {},
): Promise<ChainNode> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const node = connectNode({
    url,
    credentials: { user: 'user', password: 'secret' },
    timeoutMs: 300,
    attempts: 1,
    backoffMs: 1,
    ...options,
  });
  opened.push({ server, node });
  return node;
}

/** A server whose every single answer has this text as result. */
function telling(result: string): RequestListener {
  return (_request, response) => response.end(`{"jsonrpc":"2.0","id":0,"result":${result}}`);
}

afterEach(() => {
  for (const { server, node } of opened.splice(0)) {
    node.close();
    server.close();
    server.closeAllConnections();
  }
});

describe('against a hostile or broken server', () => {
  it('gives up on one that never answers, and on one that drips', async () => {
    const silent = await against(() => undefined);
    await expect(silent.blockHash(1)).rejects.toMatchObject({ code: 'node_timeout', retryable: true });
    const dripping = await against((_request, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    await expect(dripping.blockHash(1)).rejects.toMatchObject({ code: 'node_timeout' });
  });

  it('stops reading an answer of a hundred megabytes', async () => {
    let sent = 0;
    const flooding = await against(
      (_request, response) => {
        const chunk = Buffer.alloc(1024 * 1024, 0x20);
        const write = (): void => {
          while (sent < 100 && !response.destroyed) {
            sent++;
            if (!response.write(chunk)) return void response.once('drain', write);
          }
        };
        write();
      },
      { timeoutMs: 20_000 },
    );
    await expect(flooding.blockHash(1)).rejects.toMatchObject({ code: 'node_answer_too_large' });
    expect(sent).toBeLessThan(60);
    const announcing = await against((_request, response) =>
      response.writeHead(200, { 'content-length': 100_000_000 }).write(' '),
    );
    await expect(announcing.blockHash(1)).rejects.toMatchObject({ code: 'node_answer_too_large' });
  });

  it('names an answer that breaks off', async () => {
    const broken = await against((_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{"result":');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(broken.blockHash(1)).rejects.toMatchObject({ code: 'node_unreachable' });
  });

  it.each([
    ['cut off', '{"id":0,"result":"00'],
    ['empty', ''],
    ['another id', '{"id":7,"result":"00"}'],
    ['no result', '{"id":0}'],
    ['twice the same key', '{"id":0,"result":1,"result":2}'],
    ['nested too deeply', `{"id":0,"result":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['a page of HTML', '<html>login</html>'],
    ['a hash of the wrong length', '{"id":0,"result":"abcd"}'],
    ['more answers than calls', '[{"id":0,"result":1},{"id":0,"result":2}]'],
  ])('refuses an answer that is %s', async (_name, body) => {
    const node = await against((_request, response) => response.end(body));
    await expect(node.blockHash(1)).rejects.toMatchObject({ code: 'node_answer_malformed' });
  });

  it('says that the password is wrong, and does not try again', async () => {
    let asked = 0;
    const node = await against(
      (_request, response) => {
        asked++;
        response.writeHead(401).end();
      },
      { attempts: 4 },
    );
    await expect(node.blockHash(1)).rejects.toMatchObject({ code: 'node_unauthorized' });
    expect(asked).toBe(2);
  });

  it('tries again, a bounded number of times, what may pass', async () => {
    let asked = 0;
    const hash = 'ab'.repeat(32);
    const recovering = await against(
      (_request, response) => {
        asked++;
        if (asked === 1) response.writeHead(503).end('Work queue depth exceeded');
        else if (asked === 2) response.end('{"id":0,"error":{"code":-28,"message":"Loading block index…"}}');
        else response.end(`{"id":0,"result":"${hash}"}`);
      },
      { attempts: 4 },
    );
    expect(await recovering.blockHash(1)).toBe(hash);
    asked = 0;
    const busy = await against(
      (_request, response) => {
        asked++;
        response.writeHead(503).end();
      },
      { attempts: 3 },
    );
    await expect(busy.blockHash(1)).rejects.toMatchObject({ code: 'node_busy' });
    expect(asked).toBe(3);
  });

  it.each([
    ['0.1', 10_000_000n],
    ['12.50001000', 1_250_001_000n],
    ['1e-8', 1n],
    ['2.1E+7', 2_100_000_000_000_000n],
    ['0.00000003', 3n],
    ['8.99999999', 899_999_999n],
  ])('reads the amount %s exactly', async (written, expected) => {
    const output = `{"value":${written},"scriptPubKey":{"hex":"51"},"confirmations":1,"coinbase":false}`;
    const node = await against(telling(output));
    expect((await node.unspentOutput({ txid: 'ab'.repeat(32), vout: 0 }))?.satoshis).toBe(expected);
  });

  it.each(['-1', '1e-9', '21000000.00000001', '1e400', '"1"', 'NaN'])(
    'refuses the amount %s',
    async (written) => {
      const output = `{"value":${written},"scriptPubKey":{"hex":"51"},"confirmations":1,"coinbase":false}`;
      const node = await against(telling(output));
      await expect(node.unspentOutput({ txid: 'ab'.repeat(32), vout: 0 })).rejects.toMatchObject({
        code: 'node_answer_malformed',
      });
    },
  );

  it.each([
    ['-0.5', { feeRate: 20_000n, source: 'fallback' }],
    ['0', { feeRate: 20_000n, source: 'fallback' }],
    ['1e-30', { feeRate: 20_000n, source: 'fallback' }],
    ['21000000', { feeRate: 20_000n, source: 'fallback' }],
    ['1e60', { feeRate: 20_000n, source: 'fallback' }],
    ['0.009', { feeRate: 500_000n, source: 'node', clampedTo: 'ceiling' }],
    ['0.00000100', { feeRate: 1_000n, source: 'node', clampedTo: 'floor' }],
    ['0.00012345', { feeRate: 12_345n, source: 'node', clampedTo: undefined }],
  ])('makes of a fee estimate of %s a rate that is safe to pay', async (written, expected) => {
    const node = await against((_request, response) =>
      response.end(
        `[{"id":0,"result":{"feerate":${written},"blocks":6}},{"id":1,"result":{"mempoolminfee":0.00000100}}]`,
      ),
    );
    expect(await node.feeEstimate(6)).toMatchObject(expected);
  });

  it('follows the memory pool’s minimum, but not beyond the ceiling', async () => {
    const node = await against((_request, response) =>
      response.end('[{"id":0,"result":{"errors":["none"]}},{"id":1,"result":{"mempoolminfee":0.0003}}]'),
    );
    expect(await node.feeEstimate(6)).toEqual({ feeRate: 30_000n, source: 'fallback', clampedTo: 'floor' });
    const lying = await against((_request, response) =>
      response.end('[{"id":0,"result":{"feerate":0.0001}},{"id":1,"result":{"mempoolminfee":0.09}}]'),
    );
    expect((await lying.feeEstimate(6)).feeRate).toBe(500_000n);
  });

  it.each(['00', 'ff'.repeat(60), '0200000000'])('does not take %s for a transaction', async (hex) => {
    const node = await against(telling(`{"hex":"${hex}"}`));
    await expect(node.transaction('ab'.repeat(32))).rejects.toMatchObject({ code: 'node_answer_malformed' });
  });

  it('takes no address that would send the password elsewhere', () => {
    for (const url of ['https://node', 'http://user:secret@node', 'file:///etc/passwd', 'node:8332']) {
      expect(() => connectNode({ url, credentials: { user: 'a', password: 'b' } })).toThrow(
        /http:\/\/host:port/,
      );
    }
  });
});

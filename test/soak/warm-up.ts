import { connect, SslContext } from '../../src/index.ts';
import { foldersRead, settle } from './settle.ts';

/** What the first connection of a process opens for the time to come is no leak. */
export async function warmUp(ca: string): Promise<void> {
  const context = new SslContext({ ca });
  const socket = connect({ port: 9, host: '127.0.0.1', context });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  context.free();
  await foldersRead();
  await settle();
}

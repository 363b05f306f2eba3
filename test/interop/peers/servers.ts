// All programs that serve clients of ours.
import { gnutlsServPeer } from './gnutls-serv.ts';
import { nginxPeer } from './nginx.ts';
import { nodeServerPeer } from './node-server.ts';
import { sServerPeer } from './s_server.ts';
import type { ServerPeer } from './types.ts';

export const serverPeers: readonly ServerPeer[] = [sServerPeer, nginxPeer, gnutlsServPeer, nodeServerPeer];

// All programs that connect to servers of ours.
import { curlPeer } from './curl.ts';
import { gnutlsCliPeer } from './gnutls-cli.ts';
import { nodeClientPeer } from './node-client.ts';
import { pythonPeer } from './python.ts';
import { sClientPeer } from './s_client.ts';
import type { ClientPeer } from './types.ts';

export const clientPeers: readonly ClientPeer[] = [sClientPeer, curlPeer, pythonPeer, gnutlsCliPeer, nodeClientPeer];

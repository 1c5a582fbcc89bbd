import { livingSubject } from './living-node.ts';
import { nodeContract } from './node-contract.ts';

nodeContract('the embedded node', () => livingSubject());

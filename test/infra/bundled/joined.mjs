export { joined } from './needs-path.cjs';

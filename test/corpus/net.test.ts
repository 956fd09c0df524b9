import { corpus } from './support/corpus';

corpus('net');

import { corpus } from './support/corpus';

corpus('blob');

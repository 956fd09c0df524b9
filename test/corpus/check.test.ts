import { corpus } from './support/corpus';

corpus('check');
